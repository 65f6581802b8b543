/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef XRING_CONF_READER_H
#define XRING_CONF_READER_H

#include <stdint.h>

#include "conf/yaml.h"

struct conf_locations;
struct conf_source;
struct model;
struct prefix_set;

/*
 * The ways through a file. A mapping with known keys is a static table of {key,
 * function}; the function is called with the value at hand and leaves when the
 * value is over. The depth of the calls is that of the schema, whatever the file
 * holds. All answer 0, or what reader_fail() and reader_no_memory() do.
 */
struct reader {
	struct yaml yaml;
	const struct conf_source *source;
	struct model *model;
	struct conf_locations *drafts;
	const char *key;		/* of the value at hand, for its field's function */
	struct prefix_set **files;	/* that were read, for those who name them again */
	size_t file_count;
	bool has_hash_key;
};

struct field {
	const char *key;
	int (*read)(struct reader *r, void *to);
};

/* A mapping with known keys, each at most once. */
int reader_fields(struct reader *r, const char *what, const struct field *fields, size_t count,
		void *to);
/* A mapping of names, or nothing; each() is called at the name. */
int reader_names(struct reader *r, const char *what,
	       int (*each)(struct reader *r, void *to), void *to);
/* A list; each() is called at its elements. */
int reader_list(struct reader *r, const char *what,
	      int (*each)(struct reader *r, void *to), void *to);
int reader_unsigned(struct reader *r, const char *what, const char *want, uint32_t min,
		  uint32_t max, uint32_t *ret);

bool reader_is_null(const struct reader *r);

/* -EINVAL and -ENOMEM, with the error filled. */
int reader_fail(struct reader *r, struct location at, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
int reader_no_memory(struct reader *r);

#endif
