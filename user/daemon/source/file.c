// SPDX-License-Identifier: GPL-2.0-or-later
/* The configuration file as a source: read, loaded again, applied, saved. */
#include "daemon/source/file.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "base/util.h"
#include "base/why.h"
#include "conf/conf.h"
#include "conf/draft.h"
#include "core/model/merge.h"
#include "daemon/engine/check.h"
#include "daemon/engine/engine.h"
#include "daemon/engine/load.h"

static int file_authorities(const struct model *before, const struct model *file,
			    const struct conf_locations *places, struct why *why)
{
	int err;
	const struct service *s = engine_unread(before, file, &err);
	char place[512];

	return !s ? 0 : why_set(why, -EINVAL, "%s: service %s: check ca %.200s: %s",
				conf_location(places, s->name, NULL, place, sizeof(place)),
				s->name, s->check.ca, errno_text(err));
}

static int file_programs(const struct model *before, const struct model *file,
			 const struct conf_locations *places, struct why *why)
{
	struct why reason;
	const struct service *s = engine_unrun(before, file, &reason);
	char place[512];

	return !s ? 0 : why_set(why, -EINVAL, "%.200s: service %s: %.200s",
				conf_location(places, s->name, NULL, place, sizeof(place)),
				s->name, reason.text);
}

static int file_hosts(const struct model *before, const struct model *file,
		      const struct conf_locations *places, struct why *why)
{
	const struct service *s;
	const char *want;
	const struct backend *b = engine_unfit(before, file, &s, &want);
	char place[512], text[ADDRESS_TEXT];

	if (!b)
		return file_authorities(before, file, places, why) ?:
		       file_programs(before, file, places, why);
	return why_set(why, -EINVAL, "%s: address %s of backend %s: %s",
		       conf_location(places, s->name, b->name, place, sizeof(place)),
		       address_print(&b->address, text), b->name, want);
}

static int parse(const char *path, const char *text, size_t len, const struct model *before,
		 struct model *ret, struct conf_locations **ret_places, struct why *why)
{
	struct conf_source source = { .name = path, .text = text, .len = len, .before = before };

	return conf_parse_source(&source, ret, ret_places, why);
}

/* That of the README and of the example file: everybody knows it. */
static void hash_key_warn(const char *path, const struct model *m)
{
	static const uint8_t example[HASH_KEY_BYTES] = {
		0x00, 0x11, 0x22, 0x33, 0x44, 0x55, 0x66, 0x77,
		0x88, 0x99, 0xaa, 0xbb, 0xcc, 0xdd, 0xee, 0xff,
	};

	if (!memcmp(m->hash_key, example, sizeof(example)))
		log_warn("%s: hash_key is that of the example, by which anybody computes where a "
			 "flow goes: want one of `openssl rand -hex 16`", path);
}

int file_read_model(const char *path, const struct model *before, struct model *ret,
		    char **ret_text, size_t *ret_len, struct why *why)
{
	struct conf_locations *places = NULL;
	struct model file;
	int err = conf_read(path, ret_text, ret_len, why) ?:
		  parse(path, *ret_text, *ret_len, before, &file, &places, why);

	if (err)
		return err == -ENOMEM ? err : -EINVAL;
	err = file_hosts(before, &file, places, why);
	conf_locations_free(places);
	if (err) {
		model_clear(&file);
		return err;
	}
	hash_key_warn(path, &file);
	*ret = file;
	return 0;
}

int file_open(struct engine *e, const char *name, struct config_file *ret)
{
	struct why why;
	int err;

	*ret = (struct config_file){ .engine = e, .name = name, .path = realpath(name, NULL) };
	err = file_read_model(name, &e->model, &ret->model, &ret->text, &ret->len, &why);
	return err ? log_err(0, "%s", why.text) ?: err : 0;
}

static struct source_text said(const struct config_file *file)
{
	return (struct source_text){ file->name, file->text, file->len, &file->model };
}

/* Frees what was read, when the engine has it. */
static void forget(struct config_file *file)
{
	model_clear(&file->model);
	file->model = (struct model){};
	free(file->text);
	file->text = NULL;
}

int file_begin(struct config_file *file)
{
	struct source_text source = said(file);
	int err = engine_begin(file->engine, &source);

	forget(file);
	return err;
}

void file_close(struct config_file *file)
{
	forget(file);
	free(file->path);
}

static int reload(struct config_file *file, struct why *ret)
{
	struct source_text source;
	struct why why;
	int err = file_read_model(file->name, &file->engine->model, &file->model, &file->text,
				  &file->len, ret);

	if (err)
		return err;
	source = said(file);
	err = engine_load(file->engine, &source, &why);
	forget(file);
	return err ? why_set(ret, err, "%.160s: %.340s", file->name, why.text) : 0;
}

int file_reload(struct config_file *file)
{
	struct why why;
	int err = reload(file, &why);

	if (err) {
		file->engine->refused = why;
		log_of(LOG_LEVEL_ERROR, "configuration", NULL, "%s", why.text);
		return err;
	}
	log_of(LOG_LEVEL_INFO, "configuration", NULL, "%s: loaded", file->name);
	return 0;
}

bool file_is(const struct config_file *file, const char *directory, const char *name)
{
	const char *slash = strrchr(name, '/'), *base = slash ? slash + 1 : name;
	size_t len = directory ? strlen(directory) : 0;

	return file->path && len && !strncmp(file->path, directory, len) &&
	       file->path[len] == '/' && !strcmp(file->path + len + 1, base);
}

bool file_says(const struct config_file *file, const char *text)
{
	_free_ char *own = NULL;
	struct why wrong;
	size_t len;

	return !conf_read(file->name, &own, &len, &wrong) && len == strlen(text) &&
	       !memcmp(own, text, len);
}

int file_apply(struct config_file *file, const struct model *m, const char *text,
	       const struct change *change, struct why *why)
{
	struct source_text source = { file->name, text, strlen(text), m };
	int err = engine_replace(file->engine, m, change, why);

	return err || !file_says(file, text) ? err : engine_loaded(file->engine, &source);
}

/* Where the file is wrong goes to the client; what stands there is for the log alone. */
static void place_only(struct why *why)
{
	char *end = strstr(why->text, ": ");

	log_err(0, "%s", why->text);
	if (end)
		snprintf(end, sizeof(why->text) - (end - why->text), ": wrong, the log says how");
}

int file_saved(struct config_file *file, struct why *why)
{
	struct engine *e = file->engine;
	_free_ char *text = NULL;
	struct model saved;
	size_t len;
	int err = conf_read(file->name, &text, &len, why) ?:
		  parse(file->name, text, len, &e->model, &saved, NULL, why);

	if (err) {
		place_only(why);
		return err;
	}
	if (model_equal(&saved, &e->model)) {
		err = engine_loaded(e, &(struct source_text){ file->name, text, len, &saved });
		if (err)
			why_set(why, err, "state directory %s: %s", e->options.state,
				errno_text(-err));
	} else {
		err = why_set(why, -EAGAIN, "%s: something has changed since: want it saved again",
			      file->name);
	}
	model_clear(&saved);
	return err;
}
