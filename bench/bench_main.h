#pragma once

namespace bertqa {

/// The main function of a micro-benchmark whose benchmarks `register_all` registers. Returns the
/// exit status.
int RunBenchmarks(int argc, char** argv, void (*register_all)());

}  // namespace bertqa
