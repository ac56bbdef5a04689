#pragma once

#include "bertqa/precision.h"
#include "kernels/isa.h"

namespace bertqa {

/// Operations a second (a product and a sum are two) of the instructions that a product of this
/// precision is made of, in a loop that touches nothing but registers, on the calling thread: the
/// best of some runs that together take a few milliseconds. 0 where there are no such instructions.
double MeasurePeak(Precision precision, Isa isa);

}  // namespace bertqa
