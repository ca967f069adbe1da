// Branch and bound: open boxes, cheapest first; each is decided or split in two.
#include "trees.hpp"

namespace recourse::trees {

Code Solver::run(int judged, std::int64_t boxes) {
  if (judged != OPEN) verdict = judged;
  while (true) {
    if (!diving) {
      if (pool.empty() || !cheaper(pool.cheapest())) {
        pool.close();
        return DONE;
      }
      if (boxes <= 0) return PAUSED;
      pool.pop(box.data());
      diving = true;
      if (done_ >= next_guess && !asks) guess_again();
    }
    --boxes;
    const Next next = step();
    if (next == QUESTION) return ASK;
    diving = next == DIVE;
  }
}

// Decide the box at hand or split it: the side of its cheapest point stays at hand, the other is
// kept.
Next Solver::step() {
  const int judged = verdict;
  verdict = OPEN;
  if (judged == APPROVED) {
    accept();
    return cheaper(at_least) ? split_point(false) : STOP;
  }
  if (judged != OPEN) return split_point(judged == FORBIDDEN);
  ++done_;
  for (const Condition& condition : s.conditions)
    if (out_of_reach(condition)) return STOP;
  price_box();
  bound();
  if (most < s.low) return STOP;
  if (here >= s.low) return judge();
  const int test = choose();
  return test < 0 ? STOP : split_test(test);
}

// The cheapest point reaches the bar, or nearly: is it an answer?
Next Solver::judge() {
  Cost cost;
  int changes = 0;
  for (int j = 0; j < s.n_blocks; ++j) {
    const State& state = states[point[j]];
    if (state.peak > cost.peak) cost.peak = state.peak;
    cost.sum += state.price;
    changes += state.count;
  }
  if (!cheaper(cost) || !within(changes)) return split_point(false);
  const int violated = excluded_at();
  if (violated >= 0) return split_excluded(violated);
  bool ask = asks;
  for (const Condition& condition : s.conditions) {
    const int met = meets(condition);
    if (met < 0) return split_linear(condition);
    ask = ask || met == 0;
  }
  if (ask || here < s.high) return QUESTION;
  accept();
  return cheaper(at_least) ? split_point(false) : STOP;
}

// The test with most votes, or -1.
int Solver::choose() const {
  int chosen = -1;
  double best_vote = 0.0;
  for (std::size_t t = 0; t < votes.size(); ++t) {
    if (votes[t] <= best_vote) continue;
    best_vote = votes[t];
    chosen = int(t);
  }
  return chosen;
}

// Restrict the box to the near side of a test, and keep the far side.
Next Solver::split_test(int test) {
  const Test& cut = tests[test];
  const bool near_left = sides(test).near_left();
  const Word* left = left_set.data() + cut.at;
  Word* other = far.data();
  for (int w = word[cut.block]; w < word[cut.block + 1]; ++w, ++left) {
    *other++ = box[w] & (near_left ? ~*left : *left);
    box[w] &= near_left ? *left : ~*left;
  }
  return keep_far(cut.block);
}

// Cut the cheapest point out: keep one of its states, and put the others of that block aside.
Next Solver::split_point(bool wide_only) {
  int chosen = -1;
  double largest = -1.0;
  for (int j = 0; j < s.n_blocks; ++j) {
    if (wide_only && !s.wide[j]) continue;
    int k = point[j] - start[j], first = start[j];
    for (int w = word[j]; w < word[j + 1]; ++w, k -= BITS, first += BITS) {
      const Word others = box[w] & ~only_bit(k);
      if (!others) continue;
      const double rise = states[first + lowest(others)].least - states[point[j]].least;
      if (rise > largest || chosen < 0) {
        largest = rise;
        chosen = j;
      }
      break;
    }
  }
  if (chosen < 0) return STOP;
  int k = point[chosen] - start[chosen];
  for (int w = word[chosen]; w < word[chosen + 1]; ++w, k -= BITS) {
    far[w - word[chosen]] = box[w] & ~only_bit(k);
    box[w] = only_bit(k);
  }
  return keep_far(chosen);
}

// Put the box whose set of one block is `far` into the pool, if it can be better than the
// incumbent.
Next Solver::keep_far(int block) {
  Cost cost;
  int changes = 0;
  for (int j = 0; j < s.n_blocks; ++j) {
    int k = point[j];
    if (j == block) {
      int w = 0;
      while (!far[w]) ++w;
      k = start[j] + w * BITS + lowest(far[w]);
    }
    if (states[k].peak > cost.peak) cost.peak = states[k].peak;
    cost.sum += states[k].least;
    changes += states[k].fewest;
  }
  if (!cheaper(cost) || !within(changes)) return DIVE;
  Word* kept = pool.add(cost);
  std::copy(box.begin(), box.end(), kept);
  std::copy_n(far.begin(), word[block + 1] - word[block], kept + word[block]);
  return DIVE;
}

// -- open boxes
// -------------------------------------------------------------------------------------

void Pool::clear(int words) {
  words_ = words;
  boxes_.clear();
  heap_.clear();
  free_.clear();
}

Word* Pool::add(Cost cost) {
  std::int64_t slot;
  if (free_.empty()) {
    slot = std::int64_t(boxes_.size());
    boxes_.resize(boxes_.size() + words_);
  } else {
    slot = free_.back();
    free_.pop_back();
  }
  std::size_t i = heap_.size();
  heap_.push_back({cost, slot});
  for (std::size_t parent; i > 0; i = parent) {
    parent = (i - 1) / 2;
    if (!(cost < heap_[parent].cost)) break;
    heap_[i] = heap_[parent];
  }
  heap_[i] = {cost, slot};
  return boxes_.data() + slot;
}

void Pool::pop(Word* box) {
  const std::int64_t slot = heap_.front().slot;
  std::copy_n(boxes_.begin() + slot, words_, box);
  free_.push_back(slot);
  const Entry last = heap_.back();
  heap_.pop_back();
  if (heap_.empty()) return;
  std::size_t i = 0;
  while (true) {
    std::size_t child = 2 * i + 1;
    if (child >= heap_.size()) break;
    if (child + 1 < heap_.size() && heap_[child + 1].cost < heap_[child].cost) ++child;
    if (!(heap_[child].cost < last.cost)) break;
    heap_[i] = heap_[child];
    i = child;
  }
  heap_[i] = last;
}

std::size_t Pool::bytes() const {
  return boxes_.capacity() * sizeof(Word) + heap_.capacity() * sizeof(Entry) +
         free_.capacity() * sizeof(std::int64_t);
}

}  // namespace recourse::trees
