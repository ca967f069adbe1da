"""PyTorch is asked for where it is missed only, and left as it was found."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace

import numpy as np
import pandas as pd

import recourse as rs
from generator_worlds import FEATURES, denied, free
from recourse.generators import RECIPES, Adam, DiCE, Generic


def test_global_seeds_are_neither_read_nor_changed(models, lender, needs_torch):
    X, _ = lender
    recipe = replace(DiCE(), max_steps=5)
    state = np.random.get_state()
    needs_torch.manual_seed(1)
    first = recipe.generate(models["linear"], denied(models["linear"], X), free(X))
    needs_torch.manual_seed(2)
    second = recipe.generate(models["linear"], denied(models["linear"], X), free(X))
    pd.testing.assert_frame_equal(first.X, second.X)
    np.testing.assert_array_equal(np.random.get_state()[1], state[1])
    assert needs_torch.initial_seed() == 2


def test_dropout_is_off_during_the_search_and_back_on_afterwards(lender, needs_torch):
    torch = needs_torch
    X, _ = lender

    class Net:  # what skorch-like wrappers look like
        classes_ = np.array([0, 1])
        n_features_in_ = 4

        def __init__(self):
            torch.manual_seed(0)
            self.module_ = torch.nn.Sequential(
                torch.nn.Linear(4, 16), torch.nn.ReLU(), torch.nn.Dropout(0.5), torch.nn.Linear(16, 1)
            )

        def predict(self, X):
            was = self.module_.training
            self.module_.eval()
            with torch.no_grad():
                z = self.module_(torch.tensor(np.asarray(X, dtype=np.float32)))[:, 0].numpy()
            self.module_.train(was)
            return (z > 0).astype(int)

    net = Net()
    net.module_.train()
    model = rs.as_model(net)
    people = X[~model.approves(X)].head(10)
    recipe = Generic(max_steps=2000, optimiser=Adam(0.05))
    first, second = (recipe.generate(model, people, free(X)) for _ in range(2))
    pd.testing.assert_frame_equal(first.X, second.X)
    assert first.valid.all()
    assert all(part.training for part in net.module_.modules())


def test_only_functions_of_yours_and_autoencoders_need_torch():
    code = (
        "import sys\n"
        "class Missing:\n"
        "    def find_spec(self, name, path=None, target=None):\n"
        "        if name == 'torch': raise ModuleNotFoundError(name)\n"
        "sys.meta_path.insert(0, Missing())\n"
        "import recourse as rs\n"
        "data = rs.datasets.moons(60)\n"
        "from recourse.models.network_classifier import NetworkClassifier\n"
        "net, A = NetworkClassifier(random_state=0).fit(data.X, data.y), rs.ActionSet(data.X)\n"
        "recipes = [recipe() for recipe in rs.generators.RECIPES.values()]\n"
        "for one in recipes:\n"
        "    if one.space is None: print(len(one.generate(net, data.X, A)))\n"
        "for one in [one for one in recipes if one.space] + [rs.generators.Wachter(loss=lambda z: -z)]:\n"
        "    try: one.generate(net, data.X, A, population=data.X)\n"
        "    except rs.RecourseError as error: print(error)\n"
        "    try: rs.simulate(net, data.X, data.y, A, recourse=one, rounds=1, repeats=1)\n"
        "    except rs.RecourseError as error: print(error)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.stdout.count("60\n") == len(FEATURES), done.stderr
    assert done.stdout.count("pip install 'openrecourse[torch]'") == 2 * (len(RECIPES) - len(FEATURES) + 1), done.stderr
    assert "a loss or penalty of your own is differentiated by PyTorch" in done.stdout
    assert "an autoencoder is trained by PyTorch" in done.stdout


def test_importing_generators_does_not_import_torch():
    code = "import sys, recourse.generators, recourse.simulations; print('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout.strip() == "False"
