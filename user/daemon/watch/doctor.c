// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/watch/doctor.h"

#include <stdbool.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "daemon/doctor/doctor.h"
#include "daemon/doctor/gather.h"
#include "daemon/engine/engine.h"

#define LOOK_MS 60000

static int facts_gather(const struct doctor_watch *w, enum gather_what what, struct facts *ret)
{
	int err = gather(w->engine, what, ret);

	for (size_t i = 0; !err && i < ret->device_count; i++) {
		const struct device_facts *before = facts_device(&w->facts, ret->devices[i].ifindex);

		if (before)
			ret->devices[i].missed_before = before->missed;
	}
	return err;
}

int doctor_facts(const struct doctor_watch *w, struct facts *ret)
{
	return facts_gather(w, GATHER_ALL, ret);
}

static bool known(const struct findings *findings, const struct finding *finding)
{
	for (size_t i = 0; i < findings->count; i++)
		if (!strcmp(findings->list[i].id, finding->id) &&
		    !strcmp(findings->list[i].subject, finding->subject))
			return true;
	return false;
}

static void say_new(const struct doctor_watch *w, const struct findings *now)
{
	for (size_t i = 0; i < now->count; i++) {
		const struct finding *f = &now->list[i];

		if (f->severity <= FINDING_WARN && !known(&w->findings, f))
			log_of(LOG_LEVEL_WARNING, "doctor", f->subject, "%s%s%s (%s)", f->subject,
			       *f->subject ? ": " : "", f->text, f->id);
	}
}

static void look(struct doctor_watch *w)
{
	struct findings findings = {};
	struct facts facts;

	w->looked = clock_ns();
	if (facts_gather(w, GATHER_CHEAP, &facts))
		return;
	doctor_judge(&facts, true, &findings);
	say_new(w, &findings);
	facts_clear(&w->facts);
	findings_clear(&w->findings);
	w->facts = facts;
	w->findings = findings;
}

void doctor_refresh(struct doctor_watch *w)
{
	if (clock_ns() - w->looked >= NS_PER_S)
		look(w);
}

static void look_due(void *context)
{
	look(context);
}

int doctor_open(struct engine *e, struct doctor_watch *ret)
{
	int err = loop_timer_new(e->loop, &ret->timer, look_due, ret);

	if (err)
		return err;
	ret->engine = e;
	facts_init(&ret->facts);
	look(ret);
	loop_timer_every(&ret->timer, LOOK_MS);
	return 0;
}

void doctor_close(struct doctor_watch *w)
{
	if (w->engine)
		loop_timer_close(w->engine->loop, &w->timer);
	facts_clear(&w->facts);
	findings_clear(&w->findings);
	*w = (struct doctor_watch){};
}
