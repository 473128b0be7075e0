"""What `test_charts` draws of the sales flywheel."""

import numpy as np
import pandas as pd

RING = pd.DataFrame(
    {
        "name": ["需求→方案 need → solution", "方案→签约", "签约→验收", "accepted → satisfied", "签约→新需求"],
        "kept": [0.56, 0.38, 0.95, 0.8, 0.96],
        "median_days": [38.0, 44, 42, np.nan, 559],
        "drag": [0.32, 0.51, 0.03, 0.12, 0.02],
    }
)

DRAWN = {"flywheel.flywheel_ring": lambda f: f(RING, active=122)}
EMPTY = {"flywheel.flywheel_ring": lambda f: f(RING.assign(median_days=np.nan), active=0)}
