// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/step.h"

uint64_t step_fatal;
