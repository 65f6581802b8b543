// SPDX-License-Identifier: GPL-2.0-or-later
/* What is not as it should be: what the daemon sees itself, and what doctor's rules find. */
#include <string.h>

#include "core/model/model.h"
#include "daemon/doctor/doctor.h"
#include "daemon/doctor/facts.h"
#include "daemon/engine/engine.h"
#include "daemon/engine/state.h"
#include "daemon/live/backends.h"
#include "daemon/live/live.h"
#include "daemon/live/services.h"
#include "daemon/starter/starter.h"
#include "daemon/view/parts.h"
#include "daemon/view/view.h"
#include "daemon/watch/daemon.h"

/* What helps is the first command that the sentence has, `in such quotes`, if it is one for this host. */
static void fix_take(struct finding *finding, const char *sentence)
{
	const char *from = strchr(sentence, '`'), *to = from ? strchr(from + 1, '`') : NULL;
	int len = to ? (int)(to - from - 1) : 0;

	if (len && !strstr(sentence, " DEV"))
		finding_fix(finding, "%.*s", len, from + 1);
}

/* A sentence of the daemon, which may begin with what it is about: "eth0: not attached". subject: that, or "". */
static void tell(struct findings *to, const char *id, const char *subject, const char *sentence)
{
	size_t len = strlen(subject);

	if (!*sentence)
		return;
	if (len && !strncmp(sentence, subject, len) && sentence[len] == ':')
		fix_take(finding_add(to, FINDING_FAIL, id, subject, "%s", sentence + len + 2), sentence);
	else
		fix_take(finding_add(to, FINDING_FAIL, id, "", "%s", sentence), sentence);
}

/* The same of a sentence that begins with the name of one of the interfaces. */
static void tell_of_one(struct findings *to, const char *id, const struct wishes *wishes, const char *sentence)
{
	const char *subject = "";

	for (size_t i = 0; i < wishes->count; i++) {
		size_t len = strlen(wishes->list[i].name);

		if (!strncmp(sentence, wishes->list[i].name, len) && sentence[len] == ':')
			subject = wishes->list[i].name;
	}
	tell(to, id, subject, sentence);
}

/* The backends whose way is not known, and those whose agents are not understood. */
static void tell_of_backends(const struct live *live, struct findings *to)
{
	char agent[AGENT_WRONG];

	for (size_t i = 0; i < live->service_count; i++) {
		const struct live_service *s = live->services[i];

		for (size_t b = 0; b < s->backend_count; b++) {
			const struct live_backend *backend = s->backends[b];
			const char *why = backend_why(s, backend);

			if (why)
				finding_add(to, FINDING_FAIL, "neighbours", "", "backend %s of %s: %s",
					    backend->name, s->name, why);
			tell(to, "checks", "", agent_wrong(backend, agent));
		}
	}
}

/* Why the checks by programs are not made, where there are any. */
static void tell_of_programs(const struct model *m, struct findings *to)
{
	size_t i = 0;

	while (i < m->service_count && m->services[i].check.kind != CHECK_EXEC)
		i++;
	if (i < m->service_count && starter_why())
		finding_add(to, FINDING_FAIL, "checks", "", "checks of type exec: %s",
			    starter_why());
}

void told_findings(const struct daemon *d, struct findings *to)
{
	const struct engine *e = d->engine;

	tell(to, "bpffs", "", e->wishes.pins);
	for (size_t i = 0; i < e->wishes.count; i++)
		tell(to, e->wishes.list[i].others ? "other-program" : "interface",
		     e->wishes.list[i].name, e->wishes.list[i].why);
	for (int i = 0; i < 2; i++)
		tell_of_one(to, "forwarding", &e->wishes, e->wishes.sysctls[i]);
	tell_of_one(to, "vlan-offload", &e->wishes, e->wishes.tags);
	tell(to, "state", "", e->state->why.text);
	tell(to, "configuration", "", e->refused.text);
	for (size_t i = 0; i < d->egress.count; i++) {
		tell(to, "redirect-target", d->egress.list[i].name, d->egress.list[i].why);
		tell(to, "lost", d->egress.list[i].name, d->egress.list[i].losing);
	}
	tell_of_programs(&e->model, to);
	tell_of_backends(e->live, to);
}

json_t *view_doctor(const struct daemon *d)
{
	struct findings findings = {};
	struct facts facts;
	json_t *ret;

	if (doctor_facts(&d->doctor, &facts))
		return NULL;
	told_findings(d, &findings);
	doctor_judge(&facts, true, &findings);
	ret = findings.lost ? NULL : doctor_json(&findings, &facts, true);
	findings_clear(&findings);
	facts_clear(&facts);
	return ret;
}
