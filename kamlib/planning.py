"""Joint business planning (decade 4): one door to what a joint plan computes and how it comes back from Excel."""

from pathlib import Path

from kamlib.jointforms import JointPlan
from kamlib.jointplan import joint_pnl

__all__ = ["joint_pnl", "read_jbp_workbook"]


def read_jbp_workbook(path: str | Path) -> JointPlan:
    """The joint plan in a workbook that `exports.jbp_workbook` wrote; see `planreading.read_jbp_workbook`."""
    from kamlib import planreading

    return planreading.read_jbp_workbook(path)
