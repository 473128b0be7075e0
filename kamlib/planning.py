"""Joint business planning (decade 4): the door. Each name lives in the module of its subject, as the imports say."""

from pathlib import Path

from kamlib.allocation import allocate as allocate
from kamlib.allocation import allocate_exact as allocate_exact
from kamlib.allocation import allocation_stability as allocation_stability
from kamlib.allocation import capacity_steps as capacity_steps
from kamlib.allocation import reallocation_gain as reallocation_gain
from kamlib.allocation import shadow_prices as shadow_prices
from kamlib.allocation import value_of as value_of
from kamlib.cascade import decompose_target as decompose_target
from kamlib.cascade import fitting_bounds as fitting_bounds
from kamlib.cascade import target_conflicts as target_conflicts
from kamlib.jointforms import JointPlan as JointPlan
from kamlib.jointplan import joint_pnl as joint_pnl
from kamlib.outlook import metric_outlook as metric_outlook
from kamlib.outlook import period_bounds as period_bounds
from kamlib.outlook import plan_year as plan_year
from kamlib.outlook import proposed_targets as proposed_targets
from kamlib.outlook import sales_outlook as sales_outlook
from kamlib.outlook import satisfaction_targets as satisfaction_targets
from kamlib.outlook import share_scenarios as share_scenarios
from kamlib.outlook import target_bridge as target_bridge
from kamlib.response import curve_of as curve_of
from kamlib.response import curve_points as curve_points
from kamlib.response import effort_elasticity as effort_elasticity
from kamlib.response import elasticity as elasticity
from kamlib.response import fit_response as fit_response
from kamlib.response import response as response
from kamlib.response import response_curves as response_curves
from kamlib.smart import check_smart as check_smart
from kamlib.smart import smart_share as smart_share
from kamlib.strategy import account_strategies as account_strategies
from kamlib.strategy import visit_limits as visit_limits
from kamlib.targets import agreed_bounds as agreed_bounds
from kamlib.targets import company_season as company_season
from kamlib.targets import filed_targets as filed_targets
from kamlib.targets import monthly_targets as monthly_targets
from kamlib.targets import seasonal_shares as seasonal_shares
from kamlib.targets import target_base as target_base
from kamlib.targets import target_parts as target_parts
from kamlib.targets import target_people as target_people
from kamlib.targets import target_tree as target_tree
from kamlib.whitespace import cell_odds as cell_odds
from kamlib.whitespace import growth_cells as growth_cells
from kamlib.whitespace import industry_room as industry_room
from kamlib.whitespace import new_products as new_products
from kamlib.whitespace import next_offers as next_offers
from kamlib.whitespace import peer_spend as peer_spend
from kamlib.whitespace import white_space as white_space


def read_jbp_workbook(path: str | Path) -> JointPlan:
    """The joint plan in a workbook that `exports.jbp_workbook` wrote; see `planreading.read_jbp_workbook`."""
    from kamlib import planreading

    return planreading.read_jbp_workbook(path)
