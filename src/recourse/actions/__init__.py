"""What people may do: action sets over the features of a table, and the priced menus they turn into."""

from recourse.actions import constraints
from recourse.actions.action_set import ActionSet
from recourse.actions.distributions import Distribution
from recourse.actions.feature_view import FeatureView
from recourse.actions.features import FeatureActions
from recourse.actions.grid import ActionGrid, LinearRow, Menu

__all__ = [
    "ActionGrid",
    "ActionSet",
    "Distribution",
    "FeatureActions",
    "FeatureView",
    "LinearRow",
    "Menu",
    "constraints",
]
