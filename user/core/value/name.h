/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef XRING_CORE_VALUE_NAME_H
#define XRING_CORE_VALUE_NAME_H

#include <stdbool.h>

/* Names of services, backends, regions and tags. */
#define NAME_BYTES 64			/* with the final NUL */
#define PLACE_NAME 64			/* of a region or a tag, with the final NUL */
#define TAGS_BYTES 128			/* a backend's tags, separated by commas, with the final NUL */
#define WANT_NAME "1 to 63 of the letters, digits and . _ : -, a letter or digit first"

bool name_valid(const char *text);

#endif
