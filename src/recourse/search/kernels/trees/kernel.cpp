// What Python sees of the trees kernel; the GIL is released while boxes are searched.
#include <nanobind/stl/tuple.h>

#include "trees.hpp"

namespace nb = nanobind;

namespace recourse::trees {

Cost Solver::answer(int* picks) const {
  Cost below{INF, INF};
  if (found_) {
    for (int j = 0; j < s.n_blocks; ++j) picks[j] = states[best[j]].item;
    below = best_cost;
  }
  if (!pool.empty() && pool.cheapest() < below) below = pool.cheapest();
  if (diving && at_least < below) below = at_least;
  return below;
}

void Solver::question(int* picks) const {
  for (int j = 0; j < s.n_blocks; ++j) picks[j] = states[point[j]].item;
}

std::size_t Solver::bytes() const {
  return states.capacity() * sizeof(State) + local.capacity() * sizeof(int) +
         tests.capacity() * (sizeof(Test) + sizeof(double)) + left_set.capacity() * sizeof(Word) +
         tree.capacity() * sizeof(Node) + pool.bytes();
}

}  // namespace recourse::trees

NB_MODULE(trees_kernel, m) {
  using recourse::In, recourse::InTable, recourse::Out;
  using namespace recourse::trees;
  using release = nb::call_guard<nb::gil_scoped_release>;

  m.def("is_compiled", [] { return true; });
  m.def("source_hash", [] { return RECOURSE_SOURCE_HASH; });

  nb::class_<Shared>(m, "Shared").def("__init__", [](Shared* self, const nb::kwargs& given) {
    new (self) Shared(given);
  });

  nb::class_<Solver>(m, "Solver")
      .def(nb::init<const Shared&>(), nb::keep_alive<1, 2>())
      .def("begin", &Solver::begin, nb::arg("person"), nb::kw_only(), nb::arg("excluded"),
           nb::arg("frozen"), nb::arg("kinds"), nb::arg("asks"), release())
      .def(
          "run",
          [](Solver& self, int verdict, std::int64_t boxes) {
            return int(self.run(verdict, boxes));
          },
          nb::arg("verdict"), nb::arg("boxes"), release())
      .def("answer",
           [](const Solver& self, Out<int> picks) {
             const Cost below = self.answer(picks.data());
             return std::make_tuple(self.found(), self.done(), below.peak, below.sum);
           })
      .def("question", [](const Solver& self, Out<int> picks) { self.question(picks.data()); })
      .def_prop_ro("bytes", &Solver::bytes);
}
