// Turn to a person: their states, the tests that part them, and the trees within their reach.
#include <algorithm>

#include "trees.hpp"

namespace recourse::trees {

Shared::Shared(const nanobind::dict& given)
    : roots(list<int>(given, "roots")), cut(list<int>(given, "cut")),
      sets(table<std::uint8_t>(given, "sets")),
      state_start(list<std::int64_t>(given, "state_start")),
      state_changed(list<std::int64_t>(given, "state_changed")),
      state_item(list<int>(given, "state_item")), state_group(list<int>(given, "state_group")),
      state_peak(list<double>(given, "state_peak")),
      state_price(list<double>(given, "state_price")), cells(list<int>(given, "cells")),
      cell_start(list<std::int64_t>(given, "cell_start")), columns(list<int>(given, "columns")),
      rows(table<int>(given, "rows")), today(table<int>(given, "today")),
      wide(list<std::uint8_t>(given, "wide")), coefficients(table<double>(given, "coefficients")),
      least_sum(table<double>(given, "least_sum")), most_sum(table<double>(given, "most_sum")),
      still(table<std::uint8_t>(given, "still")), reads(table<std::uint8_t>(given, "reads")),
      n_blocks(int(columns.size())), limit(nanobind::cast<int>(given["limit"])),
      low(nanobind::cast<double>(given["low"])), high(nanobind::cast<double>(given["high"])) {
  const auto test = list<int>(given, "test"), left = list<int>(given, "left"),
             right = list<int>(given, "right");
  const auto value = list<double>(given, "value");
  for (std::size_t i = 0; i < test.size(); ++i)
    nodes.push_back({test[i], left[i], right[i], value[i]});

  const auto first = list<int>(given, "sequence_start"), block = list<int>(given, "sequence_block"),
             column = list<int>(given, "sequence_column"), kind = list<int>(given, "sequence_kind");
  for (std::size_t q = 0; q < block.size(); ++q)
    sequences.push_back({first[q], first[q + 1], block[q], column[q], kind[q]});

  for (std::int64_t c = 0; c < coefficients.rows(); ++c)
    conditions.push_back({coefficients[c], still[c], reads[c], least_sum[c], most_sum[c]});
}

void Solver::begin(std::int64_t who, InTable<std::int64_t> sets, In<std::int64_t> fixed,
                   In<int> kinds, bool every) {
  person = who;
  frozen.assign(fixed.data(), fixed.data() + fixed.size());
  excluded.width = s.n_blocks;
  excluded.cells.assign(sets.data(), sets.data() + sets.size());
  excluded_kind.assign(kinds.data(), kinds.data() + kinds.size());
  asks = every;
  found_ = false;
  best_cost = {INF, INF};
  done_ = 0;
  next_guess = 64;
  verdict = OPEN;
  trail_end = 0;
  best.resize(s.n_blocks);
  point.resize(s.n_blocks);
  tried.resize(s.n_blocks);

  load_states();
  load_tests();
  pool.clear(n_words);
  whole();
  prune_all();
  if (!asks && base + rest[0] >= s.low) {  // the best leaves of all trees together reach the bar
    guess();
    if (found_) {
      whole();
      prune_all();
    }
  }
  whole();
  diving = true;
}

void Solver::load_states() {
  states.clear();
  start.assign(1, 0);
  word.assign(1, 0);
  for (int j = 0; j < s.n_blocks; ++j) {
    const int row = s.rows[person][j];
    for (std::int64_t k = s.state_start[row]; k < s.state_start[row + 1]; ++k) {
      const std::int64_t changed = s.state_changed[k];
      if (changed & frozen[j]) continue;
      int count = 0;
      for (Word bits = Word(changed); bits; bits &= bits - 1) ++count;
      const double price = s.state_price[k];
      const std::int64_t cell = s.cell_start[j] + std::int64_t(s.state_group[k]) * s.columns[j];
      states.push_back(
          {s.state_item[k], count, count, s.state_peak[k], price, price, changed, cell, k});
    }
    const int n = int(states.size());
    for (int k = n - 2; k >= start[j]; --k) {
      states[k].least = std::min(states[k].price, states[k + 1].least);
      states[k].fewest = std::min(states[k].count, states[k + 1].fewest);
    }
    word.push_back(word[j] + (n - start[j] + BITS - 1) / BITS);
    start.push_back(n);
  }
  n_words = word.back();
  box.resize(n_words);
  far.resize(n_words);
  aside.resize(n_words);
}

// -- tests
// ------------------------------------------------------------------------------------------

// Find for each test the set of states that go left; tests that part them alike become one.
void Solver::load_tests() {
  local.resize(s.cut.size());
  tests.clear();
  left_set.clear();
  int longest = 1;
  for (const Sequence& sequence : s.sequences) {
    if (sequence.block < 0 || size(sequence.block) == 1) decide(sequence);
    else if (sequence.kind == IN_SET) part_by_sets(sequence);
    else part_by_cuts(sequence);
  }
  for (int j = 0; j < s.n_blocks; ++j) longest = std::max(longest, size(j));
  gain.resize(longest);
  votes.resize(tests.size());
}

int Solver::cell_of(int state, const Sequence& sequence) const {
  const int cell = s.cells[states[state].cell + sequence.column];
  return cell < 0 && sequence.kind != MISSING_LEFT && sequence.kind != IN_SET ? LAST : cell;
}

// Tests of what the person can't move.
void Solver::decide(const Sequence& sequence) {
  int value;
  if (sequence.block >= 0) {
    value = cell_of(start[sequence.block], sequence);
  } else {
    value = s.today[person][sequence.column];
    if (value < 0 && sequence.kind != MISSING_LEFT && sequence.kind != IN_SET) value = LAST;
  }
  for (int q = sequence.first; q < sequence.stop; ++q) {
    const bool left = sequence.kind == IN_SET ? s.sets[s.cut[q]][value] : value <= s.cut[q];
    local[q] = left ? ALL_LEFT : ALL_RIGHT;
  }
}

void Solver::add_test(int block) {
  tests.push_back({block, std::int64_t(left_set.size())});
  left_set.resize(left_set.size() + word[block + 1] - word[block]);
}

void Solver::part_by_sets(const Sequence& sequence) {
  const int block = sequence.block, n = size(block);
  for (int q = sequence.first; q < sequence.stop; ++q) {
    const std::uint8_t* set = s.sets[s.cut[q]];
    int lefts = 0;
    add_test(block);
    Word* words = left_set.data() + tests.back().at;
    for (int k = 0; k < n; ++k) {
      if (!set[cell_of(start[block] + k, sequence)]) continue;
      words[k / BITS] |= only_bit(k % BITS);
      ++lefts;
    }
    local[q] = int(tests.size()) - 1;
    if (lefts != 0 && lefts != n) continue;
    local[q] = lefts ? ALL_LEFT : ALL_RIGHT;
    left_set.resize(tests.back().at);
    tests.pop_back();
  }
}

void Solver::part_by_cuts(const Sequence& sequence) {
  const int block = sequence.block, n = size(block), words = word[block + 1] - word[block];
  keys.clear();
  for (int k = 0; k < n; ++k) keys.push_back({cell_of(start[block] + k, sequence), k});
  std::sort(keys.begin(), keys.end());
  int at = 0, before = 0;
  for (int q = sequence.first; q < sequence.stop; ++q) {
    while (at < n && keys[at].first <= s.cut[q]) ++at;
    if (at == 0 || at == n) {
      local[q] = at ? ALL_LEFT : ALL_RIGHT;
      continue;
    }
    if (at != before) {
      add_test(block);
      Word* set = left_set.data() + tests.back().at;
      if (before) std::copy(set - words, set, set);
      for (; before < at; ++before) {
        const int k = keys[before].second;
        set[k / BITS] |= only_bit(k % BITS);
      }
    }
    local[q] = int(tests.size()) - 1;
  }
}

void Solver::whole() {
  for (int j = 0; j < s.n_blocks; ++j) {
    int n = size(j);
    for (int w = word[j]; w < word[j + 1]; ++w, n -= BITS) box[w] = first_bits(n);
  }
  at_least = {};
  forced = 0;
}

// -- trees within reach
// -----------------------------------------------------------------------------

// Keep the leaves that can be reached at less than the incumbent's cost; decided trees become a
// number.
void Solver::prune_all() {
  tree.clear();
  live.clear();
  base = 0.0;
  for (const int root : s.roots) {
    const int node = prune(root, {}, 0);
    if (tree[node].test < 0) base += tree[node].value;
    else live.push_back(node);
  }
  rest.assign(live.size() + 1, 0.0);
  for (int t = int(live.size()) - 1; t >= 0; --t) rest[t] = rest[t + 1] + tree[live[t]].value;
}

// Copy what the box at hand can reach below a node; returns the copy.
int Solver::prune(int node, Cost cost, int forced) {
  while (true) {
    const Node& at = s.nodes[node];
    if (at.test < 0) {
      tree.push_back({-1, -1, -1, at.value});
      return int(tree.size()) - 1;
    }
    const int test = local[at.test];
    const Sides first = test < 0 ? Sides() : sides(test);
    if (test == ALL_LEFT || (test >= 0 && first.right < 0)) {
      node = at.left;
      continue;
    }
    if (test == ALL_RIGHT || (test >= 0 && first.left < 0)) {
      node = at.right;
      continue;
    }
    const bool near_left = first.near_left();
    const std::int64_t saved = enter(test, near_left);
    const int near = prune(near_left ? at.left : at.right, cost, forced);
    int far = -1;
    turn(first.nearer(), first.farther(), cost, forced);
    if (cheaper(cost) && within(forced)) {
      flip(test, !near_left, saved);
      far = prune(near_left ? at.right : at.left, cost, forced);
    }
    leave(tests[test].block, saved);
    if (far < 0) return near;
    const Node &one = tree[near], &other = tree[far];
    if (one.test < 0 && other.test < 0 && one.value == other.value) return near;
    tree.push_back({test, near_left ? near : far, near_left ? far : near,
                    one.value >= other.value ? one.value : other.value});
    return int(tree.size()) - 1;
  }
}

}  // namespace recourse::trees
