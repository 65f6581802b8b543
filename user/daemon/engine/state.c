// SPDX-License-Identifier: GPL-2.0-or-later
/* The files of the state directory. */
#include "daemon/engine/state.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>

#include "base/file.h"
#include "base/log.h"
#include "base/util.h"
#include "base/why.h"
#include "conf/conf.h"
#include "core/model/model.h"

static const char *state_path(const char *dir, const char *name, char buf[512])
{
	snprintf(buf, 512, "%s/%s", dir, name);
	return buf;
}

int state_open(const char *dir, int *ret_lock)
{
	_close_ int fd = -1;

	if (strlen(dir) > 400)
		return log_err(-ENAMETOOLONG, "state directory %s", dir);
	if (mkdir(dir, 0750) && errno != EEXIST)
		return log_err(-errno, "state directory %s", dir);
	fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return log_err(-errno, "state directory %s", dir);
	if (flock(fd, LOCK_EX | LOCK_NB)) {
		log_err(0, "another xringd keeps its state in %s: want --state DIR", dir);
		return -EBUSY;
	}
	*ret_lock = take_fd(&fd);
	return 0;
}

int state_write(const char *dir, const char *name, const char *text, size_t len)
{
	char path[512];
	int err = file_replace(state_path(dir, name, path), text, len, 0640);

	return err ? log_err(err, "%s", path) : 0;
}

int state_read(const char *dir, const char *name, char **ret, size_t *ret_len)
{
	struct why why;
	char path[512];
	struct stat st;
	int err;

	if (stat(state_path(dir, name, path), &st)) {
		if (errno != ENOENT)
			return log_err(-errno, "%s", path);
		*ret = NULL;
		*ret_len = 0;
		return 0;
	}
	err = conf_read(path, ret, ret_len, &why);
	if (err)
		log_err(0, "%s", why.text);
	return err;
}

static bool is_blank(const uint8_t *memory, size_t size)
{
	return !memory[0] && !memcmp(memory, memory + 1, size - 1);
}

void state_move_to_map(const char *dir, const char *name, void *memory, size_t size)
{
	char path[512];
	_close_ int fd = open(state_path(dir, name, path), O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	_free_ void *copy = malloc(size);
	ssize_t got;

	if (fd < 0 || !copy)
		return;
	got = pread(fd, copy, size, 0);
	if (got < 0)
		log_warn("%s: %s: it is left out", path, errno_text(-errno));
	else if (is_blank(memory, size))
		memcpy(memory, copy, got);
	unlink(path);
}

int state_write_running(const char *dir, const struct model *m)
{
	_free_ char *text = conf_print(m);

	if (!text)
		return -ENOMEM;
	return state_write(dir, "running.yaml", text, strlen(text));
}

/*
 * Reads a model from the state directory; -ENOENT: there is no readable one. near: the
 * directory of the files that it names; NULL: these have absolute paths.
 */
static int state_model(const char *dir, const char *name, const char *near, struct model *ret)
{
	struct conf_source source = { .name = name, .directory = near, .remembered = true };
	_free_ char *text = NULL;
	struct why why;
	int err = state_read(dir, name, &text, &source.len);

	if (err)
		return err;
	if (!text)
		return -ENOENT;
	source.text = text;
	err = conf_parse_source(&source, ret, NULL, &why);
	if (err != -EINVAL)
		return err;
	log_warn("state directory %s: %s: it is left out", dir, why.text);
	return -ENOENT;
}

int state_read_running(const char *dir, struct model *ret)
{
	return state_model(dir, "running.yaml", NULL, ret);
}

int state_read_loaded(const char *dir, const char *path, struct loaded *ret)
{
	char near[PATH_MAX];
	int err = state_read(dir, "loaded", &ret->text, &ret->len);

	if (err)
		return err;
	snprintf(near, sizeof(near), "%s", path);
	err = ret->text ? state_model(dir, "loaded", dirname(near), &ret->model) : -ENOENT;
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
