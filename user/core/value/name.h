/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef XRING_CORE_VALUE_NAME_H
#define XRING_CORE_VALUE_NAME_H

#include <stdbool.h>

/* Names of services, backends, regions and tags. Sizes are bytes with the final NUL. */
#define NAME_BYTES 64			/* a name */
#define PLACE_NAME 64			/* the name of a region or a tag */
#define TAGS_BYTES 128			/* all tags of a backend, separated by commas */
#define WANT_NAME "1 to 63 of the letters, digits and . _ : -, a letter or digit first"

bool name_valid(const char *text);

#endif
