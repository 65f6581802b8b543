// SPDX-License-Identifier: GPL-2.0-or-later
#include "core/place/compiled.h"

#include <errno.h>
#include <string.h>

#include "core/model/model.h"
#include "core/model/rules.h"

void compiled_clear(struct compiled *c)
{
	targets_clear(&c->targets);
	rules_free(c->rules, c->rule_count);
	regions_free(c->regions, c->region_count);
	*c = (struct compiled){};
}

static bool regions_same(const struct compiled *c, const struct model *m)
{
	if (c->region_count != m->region_count)
		return false;
	for (size_t i = 0; i < m->region_count; i++)
		if (!region_equal(&c->regions[i], &m->regions[i]))
			return false;
	return true;
}

bool compiled_is_of(const struct compiled *c, const struct model *m, const struct service *s,
		    const struct compile_input *input)
{
	return c->known && c->homes_serial == input->homes_serial &&
	       !memcmp(c->ingresses, input->ingresses, sizeof(c->ingresses)) &&
	       regions_same(c, m) &&
	       rules_equal(c->rules, c->rule_count, s->rules, s->rule_count);
}

int compiled_new(const struct model *m, const struct service *s, const struct compile_input *input,
		 struct compiled *ret)
{
	struct compiled c = { .homes_serial = input->homes_serial, .known = true };
	int err = targets_of(m, s, input->ingresses, input->homes, input->home_count, &c.targets);

	if (err)
		return err;
	memcpy(c.ingresses, input->ingresses, sizeof(c.ingresses));
	c.rules = rules_copy(s->rules, s->rule_count);
	c.rule_count = c.rules ? s->rule_count : 0;
	c.regions = regions_copy(m->regions, m->region_count);
	c.region_count = c.regions ? m->region_count : 0;
	if (!c.rules || !c.regions) {
		compiled_clear(&c);
		return -ENOMEM;
	}
	*ret = c;
	return 0;
}
