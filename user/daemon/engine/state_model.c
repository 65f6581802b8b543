// SPDX-License-Identifier: GPL-2.0-or-later
/* The two models of the state directory: the one that runs, and the one that was last loaded. */
#include <errno.h>
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/util.h"
#include "conf/conf.h"
#include "daemon/engine/state.h"

int state_write_running(struct state *st, const struct model *m, struct why *why)
{
	_free_ char *text = conf_print(m);

	if (!text)
		return why_set(why, -ENOMEM, "out of memory");
	return state_write(st, STATE_RUNNING, text, strlen(text), why);
}

void state_keep_running(struct state *st, const struct model *m)
{
	_free_ char *text = conf_print(m);

	if (text)
		state_keep(st, STATE_RUNNING, text, strlen(text));
	else
		log_err(-ENOMEM, "state directory %s: running.yaml", st->dir);
}

/*
 * Parses a model; -ENOENT: the text makes no sense, and is set aside. near: the directory of
 * the files that it names; NULL: these have absolute paths.
 */
static int model_parse(struct state *st, enum state_name name, const char *near,
		       const char *text, size_t len, struct model *ret)
{
	struct conf_source source = { state_file_name(name), near, text, len, .remembered = true };
	struct why why;
	int err = conf_parse_source(&source, ret, NULL, &why);

	if (err != -EINVAL)
		return err;
	state_set_aside(st, name, "%s", why.text);
	return -ENOENT;
}

int state_read_running(struct state *st, struct model *ret)
{
	_free_ char *text = NULL;
	size_t len;
	int err = state_read(st, STATE_RUNNING, &text, &len);

	if (err || !text)
		return err ?: -ENOENT;
	return model_parse(st, STATE_RUNNING, NULL, text, len, ret);
}

int state_read_loaded(struct state *st, const char *path, struct loaded *ret)
{
	char near[PATH_MAX];
	int err = state_read(st, STATE_LOADED, &ret->text, &ret->len);

	if (err || !ret->text)
		return err;
	snprintf(near, sizeof(near), "%s", path);
	err = model_parse(st, STATE_LOADED, dirname(near), ret->text, ret->len, &ret->model);
	ret->known = !err;
	return err == -ENOENT ? 0 : err;
}

void loaded_clear(struct loaded *loaded)
{
	if (loaded->known)
		model_clear(&loaded->model);
	free(loaded->text);
	*loaded = (struct loaded){};
}
