// SPDX-License-Identifier: GPL-2.0-or-later
/* Reads sets of clients: networks in a list of the configuration, or in a file of their own. */
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/array.h"
#include "base/file.h"
#include "base/log.h"
#include "base/util.h"
#include "conf/conf.h"
#include "conf/reader.h"
#include "conf/schema.h"
#include "conf/yaml.h"
#include "core/model/model.h"
#include "core/model/placement.h"
#include "core/value/prefix_set.h"

#define FILE_BYTES_MAX (64u << 20) /* a million IPv6 networks, as long as they can be, are 44 MB */
#define PATH_BYTES_MAX 500	/* the printed model has such paths, and must be readable again */

#define WANT_NETWORKS "a list of networks, or the name of a file of them"
#define WANT_SENT "the list's networks in the request, as xring sends them"
#define WANT_SHORT "at most 500 printable ASCII characters with its directory"

/* ---- a list in the configuration ---- */

struct item {
	struct prefix prefix;
	struct location at;
};

struct items {
	const char *what;
	struct item *items;
	size_t count;
};

static int read_item(struct reader *r, void *to)
{
	char want[WANT_PREFIX_TEXT] = WANT_PREFIX;
	struct items *list = to;
	struct item item = { .at = r->yaml.at }, *items;

	if (r->yaml.kind != YAML_SCALAR || prefix_parse(r->yaml.text, &item.prefix, want))
		return yaml_refuse(&r->yaml, list->what, want);
	items = array_grow(list->items, list->count, sizeof(*items));
	if (!items)
		return reader_no_memory(r);
	list->items = items;
	items[list->count++] = item;
	return 0;
}

static int by_prefix(const void *left, const void *right)
{
	const struct item *a = left, *b = right;
	int order = prefix_compare(&a->prefix, &b->prefix);

	if (order)
		return order;
	if (a->at.line != b->at.line)
		return a->at.line < b->at.line ? -1 : 1;
	return a->at.column < b->at.column ? -1 : 1;
}

static int check_once(struct reader *r, const struct items *list)
{
	char text[PREFIX_TEXT];

	for (size_t i = 1; i < list->count; i++) {
		const struct item *item = &list->items[i];

		if (!prefix_compare(&item[-1].prefix, &item->prefix))
			return reader_fail(r, item->at, "%s %s: want it once, line %d has it",
					 list->what, prefix_print(&item->prefix, text),
					 item[-1].at.line);
	}
	return 0;
}

static int read_list(struct reader *r, const char *what, struct prefix_set **ret)
{
	struct items list = { .what = what };
	struct location start = r->yaml.at;
	struct prefix_list prefixes = {};
	int err = reader_list(r, what, read_item, &list);
	_free_ struct item *owned = list.items;

	if (err)
		return err;
	if (!list.count)
		return reader_fail(r, start, "%s: want one network at least", what);
	qsort(owned, list.count, sizeof(*owned), by_prefix);
	err = check_once(r, &list);
	if (err)
		return err;
	prefixes.prefixes = reallocarray(NULL, list.count, sizeof(*prefixes.prefixes));
	if (!prefixes.prefixes)
		return reader_no_memory(r);
	for (; prefixes.count < list.count; prefixes.count++)
		prefixes.prefixes[prefixes.count] = owned[prefixes.count].prefix;
	*ret = prefix_set_new(NULL, &prefixes);
	return *ret ? 0 : reader_no_memory(r);
}

/* ---- a list in a file ---- */

/*
 * Makes an absolute path of a file's name, so that the name means the same elsewhere; NULL:
 * no memory.
 */
static char *file_path(const struct reader *r, const char *file)
{
	char name[PATH_MAX], *path;
	_free_ char *directory = NULL;

	if (*file == '/')
		return strdup(file);
	snprintf(name, sizeof(name), "%s", r->source->name);
	directory = realpath(r->source->directory ?: dirname(name), NULL);
	return asprintf(&path, "%s/%s", directory ?: ".", file) < 0 ? NULL : path;
}

static bool path_valid(const char *path)
{
	if (strlen(path) > PATH_BYTES_MAX)
		return false;
	for (; *path; path++)
		if (*path < ' ' || *path > '~')
			return false;
	return true;
}

/* Opens an ordinary file. Reading a device or a pipe would hold up the daemon. */
static int list_open(const char *path, int *ret, size_t *ret_len)
{
	_close_ int fd = -1;
	struct stat st;
	int err = file_open_ordinary(path, &fd, &st);

	if (err)
		return err;
	if (st.st_size > FILE_BYTES_MAX)
		return -EFBIG;
	*ret_len = (size_t)st.st_size;
	*ret = take_fd(&fd);
	return 0;
}

/* Reads a whole file. -ESTALE: the file became shorter or longer meanwhile. */
static int file_read(const char *path, char **ret, size_t *ret_len)
{
	_close_ int fd = -1;
	_free_ char *text = NULL;
	size_t len = 0, size = 0;
	ssize_t got = 1;
	int err = list_open(path, &fd, &size);

	if (err)
		return err;
	text = malloc(size + 1);
	if (!text)
		return -ENOMEM;
	while (got > 0 && len <= size) {
		got = read(fd, text + len, size + 1 - len);
		if (got < 0)
			return -errno;
		len += (size_t)got;
	}
	if (len != size)
		return -ESTALE;
	*ret = take_ptr(text);
	*ret_len = len;
	return 0;
}

static int refuse_file(struct reader *r, const char *what, int err)
{
	char want[128];

	if (err == -ESTALE)
		return yaml_refuse(&r->yaml, what, "a file that is not written to while it is read");
	if (err == -EFBIG)
		return yaml_refuse(&r->yaml, what, "a file of at most 64 MiB");
	if (err == -EINVAL)
		return yaml_refuse(&r->yaml, what, "an ordinary file");
	snprintf(want, sizeof(want), "a file that can be read: %s", errno_text(-err));
	return yaml_refuse(&r->yaml, what, want);
}

/*
 * Cuts a message about a wrong line in such a file. The user may have named the wrong file:
 * a line of that file may be a secret, and the log has more readers than the file. So the
 * message shows the line's text only if it looks like a network.
 */
static const char *without_secrets(const char *message)
{
	const char *want = strstr(message, ": want ");
	size_t len = strspn(message, "0123456789abcdefABCDEF.:/");

	return want && message + len < want ? want + 2 : message;
}

static int parse_file(struct reader *r, const char *what, const char *path,
		      struct prefix_list *ret)
{
	_free_ char *text = NULL;
	struct prefix_error why;
	size_t len = 0;
	int err = file_read(path, &text, &len);

	if (err)
		return err == -ENOMEM ? reader_no_memory(r) : refuse_file(r, what, err);
	err = prefix_list_parse(text, len, ret, &why);
	if (err == -ENOMEM)
		return reader_no_memory(r);
	if (err)
		return location_fail(r->yaml.err, path,
				  (struct location){ (int)why.line, (int)why.column }, "%s",
				  without_secrets(why.why.text));
	if (ret->count)
		return 0;
	prefix_list_clear(ret);
	return yaml_refuse(&r->yaml, what, "a file with one network at least");
}

static struct prefix_set *find_file(const struct conf_lists *lists, const char *path)
{
	for (size_t i = 0; i < lists->count; i++)
		if (!strcmp(lists->sets[i]->file, path))
			return lists->sets[i];
	return NULL;
}

int conf_lists_add(struct conf_lists *lists, struct prefix_set *set)
{
	struct prefix_set **sets = array_grow(lists->sets, lists->count, sizeof(*sets));

	if (!sets) {
		prefix_set_put(set);
		return -ENOMEM;
	}
	lists->sets = sets;
	sets[lists->count++] = set;
	return 0;
}

void conf_lists_clear(struct conf_lists *lists)
{
	for (size_t i = 0; i < lists->count; i++)
		prefix_set_put(lists->sets[i]);
	free(lists->sets);
	*lists = (struct conf_lists){};
}

/* Makes the set of what a file says, or of what the source has instead of the file. */
static int set_make(struct reader *r, const char *what, const char *path, struct prefix_set **ret)
{
	struct prefix_list list = {};
	char *name;
	int err = 0;

	if (!r->source->lists)
		err = parse_file(r, what, path, &list);
	else if (!r->source->remembered)
		err = yaml_refuse(&r->yaml, what, WANT_SENT);
	if (err == -ENOMEM || (err && !r->source->remembered))
		return err;
	name = strdup(path);
	if (!name) {
		prefix_list_clear(&list);
		return reader_no_memory(r);
	}
	*ret = prefix_set_new(name, &list);
	return *ret ? 0 : reader_no_memory(r);
}

static int read_file(struct reader *r, const char *what, struct prefix_set **ret)
{
	_free_ char *path = file_path(r, r->yaml.text);
	struct prefix_set *set;
	int err;

	if (!path)
		return reader_no_memory(r);
	if (!path_valid(path))
		return yaml_refuse(&r->yaml, what, WANT_SHORT);
	set = find_file(&r->files, path);
	if (!set && r->source->lists)
		set = find_file(r->source->lists, path);
	if (set) {
		*ret = prefix_set_get(set);
		return 0;
	}
	err = set_make(r, what, path, &set);
	if (err)
		return err;
	*ret = prefix_set_get(set);
	err = conf_lists_add(&r->files, set);
	if (!err)
		return 0;
	prefix_set_put(*ret);
	*ret = NULL;
	return reader_no_memory(r);
}

int read_prefixes(struct reader *r, const char *what, struct prefix_set **ret)
{
	struct prefix one;

	if (r->yaml.kind == YAML_SEQUENCE)
		return read_list(r, what, ret);
	if (r->yaml.kind != YAML_SCALAR || !*r->yaml.text || r->yaml.null ||
	    !prefix_parse(r->yaml.text, &one, NULL))
		return yaml_refuse(&r->yaml, what, WANT_NETWORKS);
	return read_file(r, what, ret);
}

/* ---- reading lists again ---- */

/*
 * Walks over all members of a model that hold a set of clients; *at must be 0 at first.
 * NULL: no more.
 */
static struct prefix_set **next_set(struct model *m, size_t *at)
{
	size_t i = (*at)++;

	if (i < m->region_count)
		return &m->regions[i].clients;
	i -= m->region_count;
	for (size_t s = 0; s < m->service_count; s++) {
		if (i < m->services[s].rule_count)
			return &m->services[s].rules[i].clients;
		i -= m->services[s].rule_count;
	}
	return NULL;
}

static struct prefix_set *set_of_file(const struct model *m, const char *file, size_t places)
{
	struct prefix_set **set;

	for (size_t at = 0; at < places && (set = next_set((struct model *)m, &at));)
		if (*set && (*set)->file && !strcmp((*set)->file, file))
			return prefix_set_get(*set);
	return NULL;
}

/*
 * Makes a set of what a file says now; the set is empty if the file cannot be read or
 * parsed. NULL: no memory.
 */
static struct prefix_set *set_read(const char *file)
{
	_free_ char *text = NULL;
	struct prefix_list list = {};
	struct prefix_error why;
	size_t len = 0;
	int err = file_read(file, &text, &len) ?: prefix_list_parse(text, len, &list, &why);
	char *path = err == -ENOMEM ? NULL : strdup(file);

	return path ? prefix_set_new(path, &list) : NULL;
}

int conf_lists_of(const struct model *m, struct conf_lists *lists)
{
	struct prefix_set **set;
	int err = 0;

	for (size_t at = 0; !err && (set = next_set((struct model *)m, &at));)
		if (*set && (*set)->file && !find_file(lists, (*set)->file))
			err = conf_lists_add(lists, prefix_set_get(*set));
	return err;
}

int conf_lists_renew(struct model *m, const struct model *fresh)
{
	struct prefix_set **place;

	for (size_t at = 0; (place = next_set(m, &at));) {
		struct prefix_set *now;

		if (!*place || !(*place)->file)
			continue;
		now = set_of_file(fresh, (*place)->file, SIZE_MAX) ?:
		      set_of_file(m, (*place)->file, at - 1) ?: set_read((*place)->file);
		if (!now)
			return -ENOMEM;
		prefix_set_put(*place);
		*place = now;
	}
	return 0;
}
