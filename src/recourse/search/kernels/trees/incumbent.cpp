// Find good actions early: what is dearer than an action at hand need not be looked at.
#include "trees.hpp"

namespace recourse::trees {

// Dive to where most score is to be had, then pull back.
void Solver::guess() {
  while (true) {
    price_box();
    bound();
    if (most < s.low) return;
    if (here >= s.high) break;
    const int test = choose();
    if (test < 0) return;
    enter(test, !sides(test).near_left());
    trail_end = 0;
  }
  pull_back();
}

// Look for a better incumbent from the box at hand; if there is one, prune the trees by it.
void Solver::guess_again() {
  const Cost before = best_cost;
  next_guess = 2 * done_;
  aside = box;
  guess();
  climb();
  if (!(best_cost == before)) {
    whole();
    prune_all();
  }
  box = aside;
}

// From today on, make the move that gains most for its price until the bar is reached; then pull
// back.
void Solver::climb() {
  for (int j = 0; j < s.n_blocks; ++j) point[j] = start[j];
  for (int move = 0; move < 4 * s.n_blocks; ++move) {
    int block = -1, state = 0;
    double best_gain = 0.0;
    for (int j = 0; j < s.n_blocks; ++j) {
      if (size(j) == 1) continue;
      profile(j);
      const double score = gain[point[j] - start[j]];
      if (score >= s.high) {
        pull_back();
        return;
      }
      for (int k = start[j]; k < start[j + 1]; ++k) {
        const double price = states[k].price - states[point[j]].price;
        double worth = gain[k - start[j]];
        if (worth > s.high) worth = s.high;
        worth = (worth - score) / (price > 1e-9 ? price : 1e-9);
        if (worth > best_gain) {
          best_gain = worth;
          block = j;
          state = k;
        }
      }
    }
    if (block < 0) return;
    point[block] = state;
  }
}

// Move every block of `point` as far back as the bar allows, the dearest first; keep what comes of
// it.
void Solver::pull_back() {
  bool moved = true;
  for (int passes = 0; moved && passes < 3; ++passes) {
    moved = false;
    std::fill(tried.begin(), tried.end(), 0);
    while (true) {
      int pick = -1;
      double worst = 0.0;
      for (int j = 0; j < s.n_blocks; ++j) {
        const int k = point[j];
        if (tried[j] || k <= start[j] || !(pick < 0 || states[k].price > worst)) continue;
        worst = states[k].price;
        pick = j;
      }
      if (pick < 0) break;
      tried[pick] = 1;
      profile(pick);
      for (int k = start[pick]; k < point[pick]; ++k) {
        if (gain[k - start[pick]] < s.high) continue;
        point[pick] = k;
        moved = true;
        break;
      }
    }
  }
  int changes = 0;
  for (int j = 0; j < s.n_blocks; ++j) changes += states[point[j]].count;
  if (!within(changes) || excluded_at() >= 0) return;
  for (const Condition& condition : s.conditions)
    if (meets(condition) <= 0) return;
  accept();
}

// Make `point` the incumbent if it is cheaper.
void Solver::accept() {
  Cost cost;
  for (int j = 0; j < s.n_blocks; ++j) {
    const State& state = states[point[j]];
    if (state.peak > cost.peak) cost.peak = state.peak;
    cost.sum += state.price;
  }
  if (!cheaper(cost)) return;
  found_ = true;
  best_cost = cost;
  best = point;
}

// Score every state of a block, the other blocks staying at `point`, into `gain`.
void Solver::profile(int block) {
  for (int j = 0; j < s.n_blocks; ++j) {
    int n = size(j), k = point[j] - start[j];
    for (int w = word[j]; w < word[j + 1]; ++w, n -= BITS, k -= BITS)
      box[w] = j == block ? first_bits(n) : only_bit(k);
  }
  std::fill_n(gain.begin(), size(block), base);
  for (const int root : live) spread(root, block);
}

// Add the leaves below a node to the states that reach them.
void Solver::spread(int node, int block) {
  while (true) {
    const Node& at = tree[node];
    if (at.test < 0) {
      const int first = start[block];
      each(block, [&](int state) { gain[state - first] += at.value; });
      return;
    }
    const Sides first = sides(at.test);
    if (first.right < 0) {
      node = at.left;
      continue;
    }
    if (first.left < 0) {
      node = at.right;
      continue;
    }
    const std::int64_t saved = enter(at.test, true);
    spread(at.left, block);
    flip(at.test, false, saved);
    spread(at.right, block);
    leave(tests[at.test].block, saved);
    return;
  }
}

}  // namespace recourse::trees
