"""What people may do: an action set over the features of a table, and the joint conditions on its actions."""

from recourse.actions import constraints
from recourse.actions.action_set import ActionSet
from recourse.actions.feature import FeatureActions
from recourse.actions.feature_list import FeatureView
from recourse.actions.percentiles import Distribution

__all__ = ["ActionSet", "Distribution", "FeatureActions", "FeatureView", "constraints"]
