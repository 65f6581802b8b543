/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef XRING_CONF_READER_H
#define XRING_CONF_READER_H

#include <stdint.h>

#include "conf/conf.h"
#include "conf/yaml.h"

struct model;
struct prefix_set;

/*
 * The reader walks through the nodes of a file. A mapping with known keys is a static table
 * of {key, function}; a field's function is called when its value is the current node, and
 * returns when the value is over. So the depth of the calls is the depth of the schema,
 * whatever the file holds. All functions return 0, or what reader_fail() and
 * reader_no_memory() return.
 */
struct reader {
	struct yaml yaml;
	const struct conf_source *source;
	struct model *model;
	struct conf_locations *drafts;
	const char *key;		/* the key of the current value, for its field's function */
	struct conf_lists files;	/* those that were read, for rules that name a file again */
	bool has_hash_key, has_services;
};

struct field {
	const char *key;
	int (*read)(struct reader *r, void *to);
};

/* Reads a mapping with known keys, each at most once. */
int reader_fields(struct reader *r, const char *what, const struct field *fields, size_t count,
		void *to);
/* Reads a mapping of names, or nothing; each() is called when a name is the current node. */
int reader_names(struct reader *r, const char *what,
	       int (*each)(struct reader *r, void *to), void *to);
/* Reads a list; each() is called when an element is the current node. */
int reader_list(struct reader *r, const char *what,
	      int (*each)(struct reader *r, void *to), void *to);
int reader_unsigned(struct reader *r, const char *what, const char *want, uint32_t min,
		  uint32_t max, uint32_t *ret);

int reader_bool(struct reader *r, const char *what, bool *ret);

bool reader_is_null(const struct reader *r);
/*
 * A key without a value is wrong, as a file may have been cut off there. In a text that the daemon
 * remembers it means none: older versions took it.
 */
bool reader_is_nothing(const struct reader *r);

/* Fill in the error; return -EINVAL and -ENOMEM. */
int reader_fail(struct reader *r, struct location at, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
int reader_no_memory(struct reader *r);

#endif
