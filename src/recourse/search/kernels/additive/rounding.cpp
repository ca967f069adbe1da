// From the relaxation to an action: where its last, fractional step is rounded to.
#include "additive.hpp"

namespace recourse::additive {

// One class moved up, or the breaking class up and another down; sets value, chosen.
void Solver::round_up(double bar) {
  for (Class& c : classes) c.chosen = c.hull->at[c.at];
  if (missing <= 0.0 || breaking < 0) {
    value = price;
    return;
  }
  Class& broken = classes[breaking];
  const Hull& hull = *broken.hull;
  const std::int64_t next = broken.at + 1;
  const double surplus = gain + (hull.gain[next] - hull.gain[next - 1]) - bar;
  const double raised = price + (hull.price[next] - hull.price[next - 1]);
  double best = raised;
  Class* moved = nullptr;
  std::int64_t moved_to = -1;
  bool both = false;
  for (Class& c : classes) {
    const std::int64_t here = c.chosen;
    const auto offer = [&](double worth, std::int64_t to, bool with_broken) {
      if (worth >= best) return;
      best = worth;
      moved = &c;
      moved_to = to;
      both = with_broken;
    };
    if (c.at + 1 < c.hull_end && price + c.hull->slope[c.at + 1] * missing < best) {
      const double target = front.gain[here] + missing;
      if (c.ceiling >= target) {
        const std::int64_t to = first_at_least(front.gain.get(), here, c.end - 1, target);
        offer(price + (front.price[to] - front.price[here]), to, false);
      }
    }
    if (surplus > 0.0 && &c != &broken && c.at > c.hull_low &&
        raised - c.hull->slope[c.at] * surplus < best) {
      const std::int64_t to =
          first_at_least(front.gain.get(), c.low, here, front.gain[here] - surplus);
      offer(raised - (front.price[here] - front.price[to]), to, true);
    }
  }
  if (!moved || both) broken.chosen = hull.at[next];
  if (moved) moved->chosen = moved_to;
  value = best;
  lower_others(bar);
}

// What is given beyond the bar pays for lowering other classes, the best saving first.
void Solver::lower_others(double bar) {
  double surplus = -bar;
  for (const Class& c : classes) surplus += front.gain[c.chosen];
  while (surplus > 0.0) {
    double best = 0.0;
    Class* moved = nullptr;
    std::int64_t moved_to = -1;
    for (Class& c : classes) {
      const std::int64_t here = c.chosen;
      if (here == c.low || front.gain[here] - front.gain[here - 1] > surplus) continue;
      const std::int64_t to =
          first_at_least(front.gain.get(), c.low, here - 1, front.gain[here] - surplus);
      if (front.price[here] - front.price[to] <= best) continue;
      best = front.price[here] - front.price[to];
      moved = &c;
      moved_to = to;
    }
    if (!moved) break;
    surplus -= front.gain[moved->chosen] - front.gain[moved_to];
    moved->chosen = moved_to;
    value -= best;
  }
}

// Lower the chosen items, one class after the other, while the bar is still reached.
void Solver::thin(double bar) {
  double reached = 0.0;
  for (const Class& c : classes) reached += front.gain[c.chosen];
  for (Class& c : classes) {
    const double target = front.gain[c.chosen] - (reached - bar);
    const std::int64_t to = first_at_least(front.gain.get(), c.low, c.chosen, target);
    const double less = front.gain[c.chosen] - front.gain[to];
    if (to == c.chosen || reached - less < bar) continue;
    reached -= less;
    value -= front.price[c.chosen] - front.price[to];
    c.chosen = to;
  }
}

// Round the relaxation up where it keeps to `most` changes; keep the result if it is cheaper.
void Solver::round_counted(double bar, int most) {
  int changes = 0;
  double worth = 0.0, reached = 0.0;
  for (int i = 0; i < int(classes.size()); ++i) {
    Class& c = classes[i];
    c.kept = c.hull->at[c.at + (i == breaking && missing > 0.0 ? 1 : 0)];
    if (c.counted && c.kept != c.low) ++changes;
    worth += front.price[c.kept];
    reached += front.gain[c.kept];
  }
  if (changes > most || worth >= value || reached < bar) return;
  value = worth;
  for (Class& c : classes) c.chosen = c.kept;
}

}  // namespace recourse::additive
