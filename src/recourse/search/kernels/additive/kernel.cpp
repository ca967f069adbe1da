// What Python sees of the additive kernel; the GIL is released around a slice of people.
#include <nanobind/stl/function.h>

#include "additive.hpp"

namespace nb = nanobind;

NB_MODULE(additive_kernel, m) {
  using namespace recourse::additive;
  using recourse::In, recourse::InTable, recourse::Out, recourse::OutTable;
  using Numbers = Out<double>;
  using Statuses = Out<std::uint8_t>;
  using release = nb::call_guard<nb::gil_scoped_release>;

  m.def("is_compiled", [] { return true; });
  m.def("source_hash", [] { return RECOURSE_SOURCE_HASH; });

  nb::class_<Menus>(m, "Menus")
      .def(nb::init<In<std::int64_t>, In<double>, In<double>, bool>(), nb::arg("row_ptr"),
           nb::arg("gains"), nb::arg("prices"), nb::arg("changed"))
      .def("prepare", nb::overload_cast<std::int64_t, std::int64_t>(&Menus::prepare),
           nb::arg("start"), nb::arg("stop"), release());

  nb::class_<Solver>(m, "Solver")
      .def(nb::init<const Menus&, InTable<int>, In<double>, InTable<std::uint8_t>,
                    InTable<std::uint8_t>, bool, int, std::int64_t, std::function<bool()>>(),
           nb::keep_alive<1, 2>(), nb::arg("menus"), nb::kw_only(), nb::arg("rows"),
           nb::arg("need"), nb::arg("frozen").none(), nb::arg("forced").none(), nb::arg("by_max"),
           nb::arg("limit"), nb::arg("max_states"), nb::arg("exhausted"))
      .def(
          "solve",
          [](Solver& self, std::int64_t start, std::int64_t stop, OutTable<int> picks, Numbers cost,
             Numbers total, Numbers bound, Numbers total_bound, Statuses status) {
            return self.solve(start, stop,
                              {picks.data(), cost.data(), total.data(), bound.data(),
                               total_bound.data(), status.data()});
          },
          nb::arg("start"), nb::arg("stop"), nb::kw_only(), nb::arg("picks"), nb::arg("cost"),
          nb::arg("total"), nb::arg("bound"), nb::arg("total_bound"), nb::arg("status"), release())
      .def(
          "best",
          [](Solver& self, std::int64_t start, std::int64_t stop, int ranks, int mode,
             OutTable<int> picks, Numbers cost, Numbers total, Numbers bound, Numbers total_bound,
             Statuses status) {
            return self.best(start, stop, ranks, mode,
                             {picks.data(), cost.data(), total.data(), bound.data(),
                              total_bound.data(), status.data()});
          },
          nb::arg("start"), nb::arg("stop"), nb::kw_only(), nb::arg("ranks"), nb::arg("mode"),
          nb::arg("picks"), nb::arg("cost"), nb::arg("total"), nb::arg("bound"),
          nb::arg("total_bound"), nb::arg("status"), release());
}
