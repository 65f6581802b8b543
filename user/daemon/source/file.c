// SPDX-License-Identifier: GPL-2.0-or-later
/* The configuration file: read, loaded again, applied, saved. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "base/util.h"
#include "conf/conf.h"
#include "conf/draft.h"
#include "core/model/merge.h"
#include "core/model/text.h"
#include "daemon/engine/parts.h"
#include "daemon/engine/state.h"

static int file_links(const struct model *before, const struct model *file,
		      const struct conf_locations *places)
{
	const struct service *s;
	const struct backend *b = engine_off_link(before, file, &s);
	char place[512], text[ADDRESS_TEXT];

	if (!b)
		return 0;
	log_err(0, "%s: address %s of backend %s: " WANT_ON_LINK,
		conf_location(places, s->name, b->name, place, sizeof(place)),
		address_print(&b->address, text), b->name);
	return -EINVAL;
}

int engine_read_file(const char *path, const struct model *before, struct model *ret,
		     char **ret_text, size_t *ret_len)
{
	struct conf_locations *places = NULL;
	struct conf_error why;
	struct model file;
	int err = conf_read(path, ret_text, ret_len, &why) ?:
		  conf_parse(path, *ret_text, *ret_len, &file, &places, &why);

	if (err) {
		log_err(0, "%s", why.message);
		return err == -ENOMEM ? err : -EINVAL;
	}
	err = file_links(before, &file, places);
	conf_locations_free(places);
	if (err) {
		model_clear(&file);
		return err;
	}
	*ret = file;
	return 0;
}

void engine_attach(struct engine *e, const struct model *before)
{
	for (size_t i = 0; i < e->model.interface_count; i++) {
		const char *name = e->model.interfaces[i].name, *mode;
		char why[256];

		if (model_interface(before, name))
			continue;
		if (dp_attach(e->dp, name, DP_MODE_ANY, &mode, why, sizeof(why)))
			log_warn("attach %s", why);
		else
			log_info("attached to %s (%s)", name, mode);
	}
}

static void interfaces_detach(struct engine *e, const struct model *before)
{
	char why[256];

	for (size_t i = 0; i < before->interface_count; i++)
		if (!model_interface(&e->model, before->interfaces[i].name) &&
		    dp_detach(e->dp, before->interfaces[i].name, why, sizeof(why)))
			log_warn("detach %s", why);
}

/* Has the daemon's own file this text? */
static bool is_own(const struct engine *e, const char *text)
{
	_free_ char *own = NULL;
	struct conf_error wrong;
	size_t len;

	return !conf_read(e->options.file, &own, &len, &wrong) && len == strlen(text) &&
	       !memcmp(own, text, len);
}

int engine_apply(struct engine *e, const struct model *file, const char *text,
		 const struct change *change, char *why, size_t size)
{
	struct model next, before;
	int err = model_copy(file, &next);

	if (err)
		return err;
	err = model_copy(&e->model, &before);
	if (!err) {
		err = engine_change(e, &next, change, why, size);
		if (!err) {
			interfaces_detach(e, &before);
			engine_attach(e, &before);
			err = is_own(e, text) ? state_write(e->options.state, "loaded", text,
							    strlen(text)) : 0;
		}
		model_clear(&before);
	}
	model_clear(&next);
	return err;
}

/* Does what changed in the file, which says `text` now. */
static int file_apply(struct engine *e, const struct model *file, const char *text, size_t len)
{
	struct change change = { .now = true, .count = 1 };
	struct model next;
	char why[512];
	int err = state_merge(e->options.state, e->options.file, file, text, len, &next);

	if (err)
		return log_err(err, "%s", e->options.file);
	err = engine_change(e, &next, &change, why, sizeof(why));
	if (err) {
		log_err(0, "%s: %s", e->options.file, why);
		model_clear(&next);
		return err;
	}
	return state_write(e->options.state, "loaded", text, len);
}

int engine_reload(struct engine *e)
{
	struct model file, before;
	_free_ char *text = NULL;
	size_t len;
	int err = engine_read_file(e->options.file, &e->model, &file, &text, &len);

	if (err)
		return err;
	err = model_copy(&e->model, &before);
	if (!err) {
		err = file_apply(e, &file, text, len);
		if (!err) {
			interfaces_detach(e, &before);
			engine_attach(e, &before);
			log_info("%s: loaded", e->options.file);
		}
		model_clear(&before);
	}
	model_clear(&file);
	return err;
}

int engine_saved(struct engine *e, char *why, size_t size)
{
	_free_ char *text = NULL;
	struct conf_error wrong;
	struct model file;
	size_t len;
	int err = conf_read(e->options.file, &text, &len, &wrong) ?:
		  conf_parse(e->options.file, text, len, &file, NULL, &wrong);

	if (err) {
		snprintf(why, size, "%s", wrong.message);
		return err;
	}
	if (!model_equal(&file, &e->model)) {
		snprintf(why, size, "%s: something has changed since: want it saved again",
			 e->options.file);
		err = -EAGAIN;
	}
	model_clear(&file);
	if (err)
		return err;
	err = state_write(e->options.state, "loaded", text, len);
	if (err)
		snprintf(why, size, "state directory %s: %s", e->options.state, errno_text(-err));
	return err;
}
