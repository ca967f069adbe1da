"""What a model may state of itself on menus."""

from __future__ import annotations

from recourse.models.statements.additive import Additive
from recourse.models.statements.network import NetworkStatement
from recourse.models.statements.trees import TreeEnsemble

Statement = Additive | TreeEnsemble | NetworkStatement
