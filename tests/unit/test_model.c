// SPDX-License-Identifier: GPL-2.0-or-later
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/util.h"
#include "core/model/merge.h"
#include "core/model/model.h"
#include "core/model/validate.h"
#include "core/value/number.h"
#include "core/value/prefix_set.h"
#include "core/model/rules.h"
#include "core/model/text.h"
#include "core/vip/vips.h"

static struct service *add_service(struct model *m, const char *name, const char *vip,
				   enum mode mode)
{
	struct service *s;
	struct vip v;

	assert_int_equal(model_service_add(m, name, &s), 0);
	s->mode = mode;
	if (vip) {
		assert_int_equal(vip_parse(vip, &v), 0);
		assert_int_equal(service_vip_add(s, &v), 0);
	}
	return s;
}

static void add_vip(struct service *s, const char *vip)
{
	struct vip v;

	assert_int_equal(vip_parse(vip, &v), 0);
	assert_int_equal(service_vip_add(s, &v), 0);
}

static struct backend *add_backend(struct service *s, const char *name, const char *endpoint)
{
	struct backend *b;

	assert_int_equal(service_backend_add(s, name, &b), 0);
	assert_int_equal(endpoint_parse(endpoint, &b->address, &b->port), 0);
	return b;
}

static struct prefix_set *set_of(const char *prefix, const char *file)
{
	struct prefix_list list = { calloc(1, sizeof(*list.prefixes)), 1 };
	struct prefix_set *set;

	assert_non_null(list.prefixes);
	assert_int_equal(prefix_parse(prefix, list.prefixes, NULL), 0);
	set = prefix_set_new(file ? strdup(file) : NULL, &list);
	assert_non_null(set);
	return set;
}

static void add_region(struct model *m, const char *name, const char *prefix)
{
	struct region *region;

	assert_int_equal(model_region_add(m, name, &region), 0);
	region->clients = prefix ? set_of(prefix, NULL) : NULL;
}

static struct rule *add_rule(struct service *s, const char *prefix)
{
	struct rule *rules = rules_copy(s->rules, s->rule_count), *rule;

	assert_non_null(rules);
	rules = realloc(rules, (s->rule_count + 1) * sizeof(*rules));
	assert_non_null(rules);
	rules_free(s->rules, s->rule_count);
	s->rules = rules;
	rule = &rules[s->rule_count++];
	*rule = (struct rule){ .threshold = THRESHOLD_DEFAULT };
	rule->clients = prefix ? set_of(prefix, NULL) : NULL;
	return rule;
}

static void constrain(struct rule *rule, const char *constraint)
{
	assert_int_equal(constraint_parse(constraint,
					  &rule->constraints[rule->constraint_count++]), 0);
}

static void prefer(struct rule *rule, const char *region)
{
	strcpy(rule->preferences[rule->preference_count++], region);
}

static void add_daylight(struct service *s, const char *region, uint16_t from, uint16_t to)
{
	struct daylight *daylights = realloc(s->daylights,
					     (s->daylight_count + 1) * sizeof(*daylights));

	assert_non_null(daylights);
	s->daylights = daylights;
	daylights[s->daylight_count] = (struct daylight){
		.entry = { from, to, SCHEDULE_DAYS, 3 * WEIGHT_ONE, 0 },
	};
	strcpy(daylights[s->daylight_count++].region, region);
}

/* Rules and a schedule of the service "dns", which has a backend in each region. */
static void place_dns(struct model *m)
{
	struct service *s = model_service(m, "dns");
	struct rule *rule;

	add_region(m, "east", "192.0.2.0/24");
	add_region(m, "west", NULL);
	strcpy(s->backends[0].region, "east");
	strcpy(s->backends[0].tags, "beta,ssd");
	rule = add_rule(s, "10.0.0.0/8");
	constrain(rule, "+region=east");
	constrain(rule, "+tag=ssd");
	rule = add_rule(s, NULL);
	prefer(rule, "east");
	prefer(rule, "west");
	rule->spillover = SPILLOVER_WATERFALL;
	add_daylight(s, "east", 480, 1200);
}

static void model_web(struct model *m)
{
	struct service *s;

	model_init(m);
	s = add_service(m, "web", "10.200.1.1:80/tcp", MODE_NAT);
	add_backend(s, "b1", "10.0.0.1:8080");
	add_backend(s, "b2", "10.0.0.2:8080");
	s = add_service(m, "dns", "10.200.1.1:53/udp", MODE_IPIP);
	add_backend(s, "b1", "10.0.0.1");
	place_dns(m);
	assert_int_equal(model_interface_add(m, "eth0"), 0);
}

static void services_and_backends_are_sorted_by_name(void **state)
{
	static const char *const names[] = { "m", "b", "z", "a10", "a", "a2", "Z", "9" };
	static const char *const sorted[] = { "9", "Z", "a", "a10", "a2", "b", "m", "z" };
	struct model m;
	(void)state;

	model_init(&m);
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		add_service(&m, names[i], NULL, MODE_NAT);
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		add_backend(model_service(&m, "m"), names[i], "10.0.0.1");
	assert_int_equal(m.service_count, ARRAY_SIZE(sorted));
	for (size_t i = 0; i < ARRAY_SIZE(sorted); i++) {
		assert_string_equal(m.services[i].name, sorted[i]);
		assert_string_equal(model_service(&m, "m")->backends[i].name, sorted[i]);
		assert_ptr_equal(model_service(&m, sorted[i]), &m.services[i]);
	}
	model_clear(&m);
}

static void a_name_can_be_added_once_and_removed(void **state)
{
	struct model m;
	struct service *s;
	(void)state;

	model_web(&m);
	assert_int_equal(model_service_add(&m, "web", NULL), -EEXIST);
	assert_int_equal(model_interface_add(&m, "eth0"), -EEXIST);
	s = model_service(&m, "web");
	assert_int_equal(service_backend_add(s, "b1", NULL), -EEXIST);
	assert_int_equal(service_vip_add(s, &s->vips[0]), -EEXIST);

	service_backend_remove(s, "b1");
	service_backend_remove(s, "b1");
	assert_null(service_backend(s, "b1"));
	assert_non_null(service_backend(s, "b2"));
	model_service_remove(&m, "dns");
	model_service_remove(&m, "dns");
	assert_null(model_service(&m, "dns"));
	assert_non_null(model_service(&m, "web"));
	assert_int_equal(service_backend_add(model_service(&m, "web"), "b1", NULL), 0);
	model_clear(&m);
}

static void a_name_that_is_too_long_is_not_cut(void **state)
{
	char name[NAME_BYTES + 1];
	struct service *s;
	struct model m;
	(void)state;

	memset(name, 'a', NAME_BYTES);
	name[NAME_BYTES] = '\0';
	model_init(&m);
	assert_int_equal(model_service_add(&m, name, NULL), -ENAMETOOLONG);
	assert_int_equal(model_service_add(&m, name + 1, &s), 0);
	assert_int_equal(service_backend_add(s, name, NULL), -ENAMETOOLONG);
	assert_int_equal(model_interface_add(&m, "abcdefghijklmnop"), -ENAMETOOLONG);
	assert_int_equal(model_interface_add(&m, "abcdefghijklmno"), 0);
	model_clear(&m);
}

static void what_is_added_has_the_defaults(void **state)
{
	struct service *s;
	struct backend *b;
	struct model m;
	(void)state;

	model_init(&m);
	assert_int_equal(m.flush_interval_ms, FLUSH_INTERVAL_MS);
	assert_int_equal(m.flush_changes, FLUSH_CHANGES);
	assert_int_equal(m.limit_cells, XRING_CELLS);
	assert_int_equal(m.limit_backends, XRING_BACKENDS);
	assert_int_equal(m.pins, PINS_DEFAULT);
	assert_int_equal(model_service_add(&m, "web", &s), 0);
	assert_int_equal(s->vnodes, VNODES_DEFAULT);
	assert_int_equal(s->key.kind, KEY_FLOW);
	assert_int_equal(s->drain_ms, DRAIN_MS);
	assert_int_equal(s->tcp_idle_ms, TCP_IDLE_MS);
	assert_int_equal(s->udp_idle_ms, UDP_IDLE_MS);
	assert_int_equal(s->slow_start_ms, 0);
	assert_int_equal(s->panic, 0);
	assert_int_equal(s->all_down, ALL_DOWN_DROP);
	assert_int_equal(s->bound, 0);
	assert_int_equal(s->hot.factor, HOT_FACTOR);
	assert_int_equal(s->hot.floor, HOT_FLOOR);
	assert_int_equal(s->hot.hold_ms, HOT_HOLD_MS);
	assert_int_equal(s->hot.shards, HOT_SHARDS);
	assert_int_equal(s->hot.split, 1);
	assert_int_equal(s->check.kind, CHECK_NONE);
	assert_int_equal(service_backend_add(s, "b1", &b), 0);
	assert_int_equal(b->weight, WEIGHT_ONE);
	assert_int_equal(b->state, BACKEND_ACTIVE);
	model_clear(&m);
}

static void arrays_grow_and_shrink_at_every_size(void **state)
{
	struct service *s;
	struct model m;
	char name[NAME_BYTES];
	(void)state;

	model_init(&m);
	s = add_service(&m, "web", NULL, MODE_NAT);
	for (unsigned round = 0; round < 3; round++) {
		for (unsigned i = 0; i < 70; i++) {
			snprintf(name, sizeof(name), "b%u", i * 37 % 70);
			assert_int_equal(service_backend_add(s, name, NULL), 0);
		}
		for (unsigned i = round; i < 70; i++) {
			snprintf(name, sizeof(name), "b%u", i);
			service_backend_remove(s, name);
		}
		assert_int_equal(s->backend_count, round);
		while (s->backend_count)
			service_backend_remove(s, s->backends[0].name);
	}
	model_clear(&m);
}

static void a_copy_is_equal_and_shares_nothing(void **state)
{
	struct model m, copy;
	(void)state;

	model_web(&m);
	assert_int_equal(model_copy(&m, &copy), 0);
	assert_true(model_equal(&m, &copy));
	add_backend(model_service(&copy, "web"), "b3", "10.0.0.3");
	add_service(&copy, "api", "10.200.1.2:80/tcp", MODE_L2);
	assert_int_equal(model_interface_add(&copy, "eth1"), 0);
	assert_false(model_equal(&m, &copy));
	assert_int_equal(model_service(&m, "web")->backend_count, 2);
	assert_int_equal(m.service_count, 2);
	model_clear(&m);
	assert_non_null(service_backend(model_service(&copy, "web"), "b3"));
	model_clear(&copy);
}

static void a_copy_of_nothing_can_grow(void **state)
{
	struct model m, copy;
	(void)state;

	model_init(&m);
	assert_int_equal(model_copy(&m, &copy), 0);
	assert_true(model_equal(&m, &copy));
	add_service(&copy, "web", "10.200.1.1:80/tcp", MODE_NAT);
	model_clear(&copy);
	model_clear(&m);
}

/* Each of them changes one thing of model_web(). */
static void other_hash_key(struct model *m) { m->hash_key[15]++; }
static void other_interface(struct model *m) { strcpy(m->interfaces[0].name, "eth1"); }
static void other_ingress(struct model *m) { strcpy(m->interfaces[0].region, "east"); }
static void any_mac(struct model *m) { m->interfaces[0].any_mac = true; }
static void no_program(struct model *m) { m->interfaces[0].no_program = true; }
static void more_interfaces(struct model *m) { model_interface_add(m, "eth1"); }
static void other_interval(struct model *m) { m->flush_interval_ms++; }
static void other_changes(struct model *m) { m->flush_changes++; }
static void other_cells(struct model *m) { m->limit_cells++; }
static void other_backends(struct model *m) { m->limit_backends++; }
static void other_fragments(struct model *m) { m->limit_fragments++; }
static void less_services(struct model *m) { model_service_remove(m, "dns"); }
static void other_service(struct model *m) { strcpy(m->services[0].name, "dnt"); }
static void other_mode(struct model *m) { m->services[0].mode = MODE_L2; }
static void other_key(struct model *m) { m->services[0].key.kind = KEY_CLIENT; }
static void other_prefix4(struct model *m) { m->services[0].key.prefix4++; }
static void other_prefix6(struct model *m) { m->services[0].key.prefix6++; }
static void other_vnodes(struct model *m) { m->services[0].vnodes++; }
static void more_vips(struct model *m) { add_vip(&m->services[0], "10.200.1.3:53/udp"); }
static void other_vip(struct model *m) { m->services[0].vips[0].address.bytes[15]++; }
static void other_vip_port(struct model *m) { m->services[0].vips[0].port++; }
static void other_protocol(struct model *m) { m->services[0].vips[0].protocol++; }
static void less_backends(struct model *m) { service_backend_remove(&m->services[0], "b1"); }
static void other_backend(struct model *m) { strcpy(m->services[0].backends[0].name, "b2"); }
static void other_address(struct model *m) { m->services[0].backends[0].address.bytes[0]++; }
static void other_family(struct model *m) { m->services[0].backends[0].address.family++; }
static void other_port(struct model *m) { m->services[0].backends[0].port++; }
static void other_weight(struct model *m) { m->services[0].backends[0].weight++; }
static void other_pins(struct model *m) { m->pins++; }
static void other_tunnel_source(struct model *m) { m->tunnel_source = 0x0aff0800; }
static void other_echo(struct model *m) { m->echo_passes = true; }
static void other_too_big(struct model *m) { m->services[0].too_big = 1; }
static void other_dscp(struct model *m) { m->services[0].dscp = 1; }
static void its_tunnel_source(struct model *m) { m->services[0].tunnel_source = 1; }
static void other_drain(struct model *m) { m->services[0].drain_ms++; }
static void other_tcp_idle(struct model *m) { m->services[0].tcp_idle_ms++; }
static void other_udp_idle(struct model *m) { m->services[0].udp_idle_ms++; }
static void other_slow_start(struct model *m) { m->services[0].slow_start_ms++; }
static void other_panic(struct model *m) { m->services[0].panic++; }
static void other_all_down(struct model *m) { m->services[0].all_down = ALL_DOWN_KEEP; }
static void other_bound(struct model *m) { m->services[0].bound = 1250; }
static void other_factor(struct model *m) { m->services[0].hot.factor++; }
static void other_floor(struct model *m) { m->services[0].hot.floor++; }
static void other_hold(struct model *m) { m->services[0].hot.hold_ms++; }
static void other_shards(struct model *m) { m->services[0].hot.shards++; }
static void other_proven(struct model *m) { m->services[0].hot.proven = 1; }
static void other_split(struct model *m) { m->services[0].hot.split = 0; }
static void other_check(struct model *m) { m->services[0].check.kind = CHECK_TCP; }
static void other_check_port(struct model *m) { m->services[0].check.port++; }
static void other_check_interval(struct model *m) { m->services[0].check.interval_ms++; }
static void other_check_timeout(struct model *m) { m->services[0].check.timeout_ms++; }
static void other_rise(struct model *m) { m->services[0].check.rise++; }
static void other_fall(struct model *m) { m->services[0].check.fall++; }
static void other_jitter(struct model *m) { m->services[0].check.jitter++; }
static void other_path(struct model *m) { strcpy(m->services[0].check.path, "/"); }
static void other_host(struct model *m) { strcpy(m->services[0].check.host, "a"); }
static void other_status_min(struct model *m) { m->services[0].check.status_min++; }
static void other_status_max(struct model *m) { m->services[0].check.status_max++; }
static void other_state(struct model *m) { m->services[0].backends[0].state = BACKEND_DRAINING; }

static void other_region(struct model *m) { strcpy(m->regions[0].name, "ease"); }
static void more_regions(struct model *m) { add_region(m, "north", "10.1.0.0/16"); }
static void other_timezone(struct model *m) { strcpy(m->regions[0].timezone, "UTC"); }
static void no_prefixes(struct model *m)
{
	prefix_set_put(m->regions[0].clients);
	m->regions[0].clients = NULL;
}
static void other_prefixes(struct model *m)
{
	prefix_set_put(m->regions[0].clients);
	m->regions[0].clients = set_of("192.0.3.0/24", NULL);
}
static void other_file(struct model *m)
{
	prefix_set_put(m->regions[0].clients);
	m->regions[0].clients = set_of("192.0.2.0/24", "/etc/xring/east.txt");
}
static void other_place(struct model *m) { strcpy(m->services[0].backends[0].region, "west"); }
static void other_tags(struct model *m) { strcpy(m->services[0].backends[0].tags, "ssd"); }
static void more_rules(struct model *m) { constrain(add_rule(&m->services[1], NULL), "-region=west"); }
static void less_rules(struct model *m) { m->services[0].rule_count--; }
static void other_clients(struct model *m)
{
	prefix_set_put(m->services[0].rules[0].clients);
	m->services[0].rules[0].clients = set_of("10.0.0.0/9", NULL);
}
static void other_clients_region(struct model *m) { strcpy(m->services[0].rules[0].region, "west"); }
static void other_required(struct model *m) { m->services[0].rules[0].constraints[0].required = false; }
static void other_constrained(struct model *m) { strcpy(m->services[0].rules[0].constraints[1].value, "beta"); }
static void other_tag_constraint(struct model *m) { m->services[0].rules[0].constraints[0].tag = true; }
static void less_constraints(struct model *m) { m->services[0].rules[0].constraint_count--; }
static void other_preference(struct model *m) { strcpy(m->services[0].rules[1].preferences[1], "north"); }
static void less_preferences(struct model *m) { m->services[0].rules[1].preference_count--; }
static void other_strategy(struct model *m) { m->services[0].rules[1].strategy = STRATEGY_GEO; }
static void other_spillover(struct model *m) { m->services[0].rules[1].spillover = SPILLOVER_SPRAY; }
static void other_threshold(struct model *m) { m->services[0].rules[1].threshold++; }
static void other_home(struct model *m) { m->services[0].rules[1].home.follow = true; }
static void other_home_count(struct model *m) { m->services[0].rules[1].home.count++; }
static void more_daylights(struct model *m) { add_daylight(&m->services[1], "east", 0, 60); }
static void less_daylights(struct model *m) { m->services[0].daylight_count--; }
static void other_daylight(struct model *m) { strcpy(m->services[0].daylights[0].region, "west"); }
static void other_from(struct model *m) { m->services[0].daylights[0].entry.from++; }
static void other_to(struct model *m) { m->services[0].daylights[0].entry.to++; }
static void other_days(struct model *m) { m->services[0].daylights[0].entry.days--; }
static void other_daylight_weight(struct model *m) { m->services[0].daylights[0].entry.weight++; }
static void other_over(struct model *m) { m->services[0].daylights[0].entry.over_ms++; }

static void (*const changes[])(struct model *m) = {
	other_hash_key, other_interface, other_ingress, any_mac, no_program, more_interfaces, other_interval, other_changes,
	other_cells, other_backends, other_fragments, less_services, other_service, other_mode, other_key,
	other_prefix4, other_prefix6, other_vnodes, more_vips, other_vip, other_vip_port,
	other_protocol, less_backends, other_backend, other_address, other_family, other_port,
	other_weight,
	other_pins, other_echo, other_too_big, other_dscp, other_tunnel_source, its_tunnel_source, other_drain, other_tcp_idle, other_udp_idle, other_slow_start, other_panic,
	other_all_down, other_bound, other_factor, other_floor, other_hold, other_shards,
	other_split, other_proven, other_check, other_check_port, other_check_interval, other_check_timeout,
	other_rise, other_fall, other_jitter, other_path, other_host, other_status_min,
	other_status_max, other_state, other_region, more_regions, other_timezone, no_prefixes,
	other_prefixes, other_file, other_place, other_tags, more_rules, less_rules,
	other_clients, other_clients_region, other_required, other_constrained,
	other_tag_constraint, less_constraints, other_preference, less_preferences,
	other_strategy, other_spillover, other_threshold, other_home, other_home_count, more_daylights, less_daylights,
	other_daylight, other_from, other_to, other_days, other_daylight_weight, other_over,
};

static void models_that_differ_in_anything_are_not_equal(void **state)
{
	struct model a, b;
	(void)state;

	for (size_t i = 0; i < ARRAY_SIZE(changes); i++) {
		model_web(&a);
		model_web(&b);
		assert_true(model_equal(&a, &b));
		changes[i](&b);
		if (model_equal(&a, &b))
			fail_msg("change %zu is not seen", i);
		model_clear(&a);
		model_clear(&b);
	}
}

static void points_are_rounded_half_up_and_one_at_least(void **state)
{
	(void)state;
	assert_int_equal(weight_points(WEIGHT_ONE, 150), 150);
	assert_int_equal(weight_points(0, 150), 0);
	assert_int_equal(weight_points(1, 150), 1);
	assert_int_equal(weight_points(1, 1), 1);
	assert_int_equal(weight_points(10, 150), 2);	/* 1.5 */
	assert_int_equal(weight_points(9, 150), 1);	/* 1.35 */
	assert_int_equal(weight_points(2500, 1), 3);
	assert_int_equal(weight_points(2499, 1), 2);
	assert_int_equal(weight_points(WEIGHT_MAX, VNODES_MAX), 10000000);
}

/* The three-way rule */

/* A file that has not changed changes nothing, whatever commands have done. */
static void an_unchanged_file_leaves_what_commands_changed(void **state)
{
	struct model running, loaded, file, before;
	(void)state;

	for (size_t i = 0; i < ARRAY_SIZE(changes); i++) {
		model_web(&running);
		model_web(&loaded);
		model_web(&file);
		changes[i](&running);
		assert_int_equal(model_copy(&running, &before), 0);
		assert_int_equal(model_merge(&running, &loaded, &file), 0);
		if (!model_equal(&running, &before))
			fail_msg("change %zu is undone", i);
		model_clear(&running);
		model_clear(&loaded);
		model_clear(&file);
		model_clear(&before);
	}
}

static void what_the_file_changed_is_done_to_an_untouched_model(void **state)
{
	struct model running, loaded, file;
	(void)state;

	for (size_t i = 0; i < ARRAY_SIZE(changes); i++) {
		model_web(&running);
		model_web(&loaded);
		model_web(&file);
		changes[i](&file);
		assert_int_equal(model_merge(&running, &loaded, &file), 0);
		if (!model_equal(&running, &file))
			fail_msg("change %zu is not done", i);
		assert_int_equal(model_merge(&running, &file, &file), 0);
		assert_true(model_equal(&running, &file));
		model_clear(&running);
		model_clear(&loaded);
		model_clear(&file);
	}
}

/* Two changes meet only where one is in the other: a name, and what it holds. */
static void changes_of_commands_and_of_the_file_do_not_disturb_each_other(void **state)
{
	struct model running, loaded, file;
	struct backend *b;
	struct service *s;
	(void)state;

	model_web(&running);
	model_web(&loaded);
	model_web(&file);
	/* commands */
	s = model_service(&running, "web");
	s->vnodes = 300;
	s->drain_ms = 1;
	s->bound = 1250;
	s->hot.factor = 2000;
	s->check.kind = CHECK_TCP;
	service_backend(s, "b1")->weight = 2500;
	service_backend_remove(s, "b2");
	add_backend(s, "c1", "10.0.1.1");
	add_service(&running, "mine", "10.200.1.9:80/tcp", MODE_L2);
	assert_int_equal(model_interface_add(&running, "eth9"), 0);
	running.flush_changes = 5;
	/* the file */
	s = model_service(&file, "web");
	s->key.kind = KEY_CLIENT;
	s->tcp_idle_ms = 2;
	s->hot.shards = 1000;
	service_backend(s, "b1")->port = 8081;
	service_backend(s, "b1")->state = BACKEND_MAINTENANCE;
	service_backend(s, "b2")->weight = 500;
	add_backend(s, "b3", "10.0.0.3");
	model_service_remove(&file, "dns");
	add_service(&file, "api", "10.200.1.2:80/tcp", MODE_IPIP);
	file.flush_interval_ms = 0;
	file.interface_count = 0;
	assert_int_equal(model_interface_add(&file, "eth1"), 0);

	assert_int_equal(model_merge(&running, &loaded, &file), 0);

	s = model_service(&running, "web");
	assert_int_equal(s->vnodes, 300);
	assert_int_equal(s->key.kind, KEY_CLIENT);
	assert_int_equal(s->drain_ms, 1);
	assert_int_equal(s->tcp_idle_ms, 2);
	assert_int_equal(s->bound, 1250);
	assert_int_equal(s->hot.factor, 2000);
	assert_int_equal(s->hot.shards, 1000);
	assert_int_equal(s->hot.floor, HOT_FLOOR);
	assert_int_equal(s->check.kind, CHECK_TCP);
	assert_int_equal(s->backend_count, 3);
	b = service_backend(s, "b1");
	assert_int_equal(b->weight, 2500);
	assert_int_equal(b->port, 8081);
	assert_int_equal(b->state, BACKEND_MAINTENANCE);
	assert_null(service_backend(s, "b2"));
	assert_non_null(service_backend(s, "b3"));
	assert_non_null(service_backend(s, "c1"));
	assert_null(model_service(&running, "dns"));
	assert_non_null(model_service(&running, "api"));
	assert_non_null(model_service(&running, "mine"));
	assert_int_equal(running.service_count, 3);
	assert_int_equal(running.interface_count, 2);
	assert_string_equal(running.interfaces[0].name, "eth9");
	assert_string_equal(running.interfaces[1].name, "eth1");
	assert_int_equal(running.flush_changes, 5);
	assert_int_equal(running.flush_interval_ms, 0);
	model_clear(&running);
	model_clear(&loaded);
	model_clear(&file);
}

static void a_region_and_a_backend_keep_what_only_one_side_changed(void **state)
{
	struct model running, loaded, file;
	struct backend *b;
	(void)state;

	model_web(&running);
	model_web(&loaded);
	model_web(&file);
	other_place(&running);
	other_timezone(&running);
	more_rules(&running);
	other_tags(&file);
	other_file(&file);
	other_threshold(&file);
	add_region(&file, "north", NULL);
	assert_int_equal(model_merge(&running, &loaded, &file), 0);
	b = &model_service(&running, "dns")->backends[0];
	assert_string_equal(b->region, "west");
	assert_string_equal(b->tags, "ssd");
	assert_string_equal(model_region(&running, "east")->timezone, "UTC");
	assert_string_equal(model_region(&running, "east")->clients->file, "/etc/xring/east.txt");
	assert_non_null(model_region(&running, "north"));
	assert_int_equal(model_service(&running, "web")->rule_count, 1);
	assert_int_equal(model_service(&running, "dns")->rules[1].threshold, THRESHOLD_DEFAULT + 1);
	model_clear(&running);
	model_clear(&loaded);
	model_clear(&file);
}

/* Constraints of one and clients of another would be a rule that nobody wrote. */
static void rules_that_the_file_changed_are_taken_whole(void **state)
{
	struct model running, loaded, file;
	(void)state;

	model_web(&running);
	model_web(&loaded);
	model_web(&file);
	less_constraints(&running);
	other_daylight_weight(&running);
	other_threshold(&file);
	other_from(&file);
	assert_int_equal(model_merge(&running, &loaded, &file), 0);
	assert_true(model_equal(&running, &file));
	model_clear(&running);
	model_clear(&loaded);
	model_clear(&file);
}

static void models_share_sets_of_clients_until_the_last_is_gone(void **state)
{
	struct model m, copy, loaded;
	struct prefix_set *set;
	(void)state;

	model_web(&m);
	set = m.regions[0].clients;
	assert_int_equal(model_copy(&m, &copy), 0);
	assert_ptr_equal(copy.regions[0].clients, set);
	assert_ptr_equal(copy.services[0].rules[0].clients, m.services[0].rules[0].clients);
	assert_int_equal(set->uses, 2);
	assert_int_equal(model_copy(&m, &loaded), 0);
	assert_int_equal(model_merge(&m, &loaded, &copy), 0);
	assert_int_equal(set->uses, 3);
	model_clear(&loaded);
	model_clear(&m);
	assert_int_equal(set->uses, 1);
	model_service_remove(&copy, "dns");
	model_clear(&copy);
}

static void the_file_wins_over_a_command_on_one_field(void **state)
{
	struct model running, loaded, file;
	(void)state;

	model_web(&running);
	model_web(&loaded);
	model_web(&file);
	service_backend(model_service(&running, "web"), "b1")->weight = 2000;
	service_backend(model_service(&file, "web"), "b1")->weight = 3000;
	assert_int_equal(model_merge(&running, &loaded, &file), 0);
	assert_true(model_equal(&running, &file));
	model_clear(&running);
	model_clear(&loaded);
	model_clear(&file);
}

/* Its keys lean on one another: half a check of each would be neither's. */
static void a_check_that_the_file_changed_is_taken_whole(void **state)
{
	struct model running, loaded, file;
	struct check *check;
	(void)state;

	model_web(&running);
	model_web(&loaded);
	model_web(&file);
	model_service(&running, "web")->check = (struct check){ .kind = CHECK_TCP, .port = 22 };
	check = &model_service(&file, "web")->check;
	*check = (struct check){ .kind = CHECK_HTTP, .path = "/" };
	assert_int_equal(model_merge(&running, &loaded, &file), 0);
	assert_true(check_equal(&model_service(&running, "web")->check, check));
	model_clear(&running);
	model_clear(&loaded);
	model_clear(&file);
}

static void an_interface_takes_the_region_that_the_file_gives_it(void **state)
{
	struct model running, loaded, file;
	(void)state;

	model_web(&running);
	model_web(&loaded);
	model_web(&file);
	/* Attached by a command, and since then written down, with where it is. */
	assert_int_equal(model_interface_add(&running, "eth1"), 0);
	assert_int_equal(model_interface_add(&file, "eth1"), 0);
	strcpy(model_interface(&file, "eth1")->region, "west");
	other_ingress(&running);
	assert_int_equal(model_merge(&running, &loaded, &file), 0);
	assert_int_equal(running.interface_count, 2);
	assert_string_equal(model_interface(&running, "eth0")->region, "east");
	assert_string_equal(model_interface(&running, "eth1")->region, "west");
	model_clear(&running);
	model_clear(&loaded);
	model_clear(&file);
}

static void a_name_new_in_the_file_replaces_the_one_of_a_command(void **state)
{
	struct model running, loaded, file;
	struct service *s;
	(void)state;

	model_web(&running);
	model_web(&loaded);
	model_web(&file);
	s = add_service(&running, "api", "10.200.1.8:80/tcp", MODE_NAT);
	add_backend(s, "mine", "10.0.1.1");
	add_backend(model_service(&running, "web"), "b3", "10.0.1.3");
	s = add_service(&file, "api", "10.200.1.2:80/tcp", MODE_IPIP);
	add_backend(s, "b1", "10.0.0.1");
	add_backend(model_service(&file, "web"), "b3", "10.0.0.3")->weight = 7;
	assert_int_equal(model_merge(&running, &loaded, &file), 0);
	assert_true(model_equal(&running, &file));
	model_clear(&running);
	model_clear(&loaded);
	model_clear(&file);
}

static void a_service_that_a_command_removed_stays_removed(void **state)
{
	struct model running, loaded, file;
	(void)state;

	model_web(&running);
	model_web(&loaded);
	model_web(&file);
	model_service_remove(&running, "web");
	model_service(&file, "web")->vnodes = 7;
	add_backend(model_service(&file, "web"), "b3", "10.0.0.3");
	assert_int_equal(model_merge(&running, &loaded, &file), 0);
	assert_null(model_service(&running, "web"));
	assert_int_equal(running.service_count, 1);
	model_clear(&running);
	model_clear(&loaded);
	model_clear(&file);
}

static void the_first_file_is_taken_whole(void **state)
{
	struct model running, loaded, file;
	(void)state;

	model_init(&running);
	model_init(&loaded);
	model_web(&file);
	file.hash_key[0] = 1;
	assert_int_equal(model_merge(&running, &loaded, &file), 0);
	assert_true(model_equal(&running, &file));
	model_clear(&running);
	model_clear(&file);
}

/* model_validate() */

static void assert_wrong(const struct model *m, const char *message, enum model_part at)
{
	struct model_error error;

	assert_int_equal(model_validate(m, &error), -EINVAL);
	assert_string_equal(error.why.text, message);
	assert_int_equal(error.at, at);
	if (at != PART_INTERFACE_REGION)
		assert_non_null(error.service);
}

static void assert_right(const struct model *m)
{
	struct model_error error;

	if (model_validate(m, &error))
		fail_msg("%s", error.why.text);
}

static void a_model_that_can_run_is_accepted(void **state)
{
	struct model m;
	(void)state;

	model_init(&m);
	assert_right(&m);
	model_web(&m);
	assert_right(&m);
	model_clear(&m);
}

static void a_service_needs_a_vip(void **state)
{
	struct model m;
	(void)state;

	model_init(&m);
	add_service(&m, "web", NULL, MODE_NAT);
	assert_wrong(&m, "service web without a vip: want " WANT_VIP, PART_SERVICE);
	model_clear(&m);
}

static void a_backend_needs_an_address(void **state)
{
	struct model m;
	(void)state;

	model_web(&m);
	assert_int_equal(service_backend_add(model_service(&m, "web"), "b3", NULL), 0);
	assert_wrong(&m, "address none of backend b3: want a unicast address of another host",
		     PART_BACKEND_ADDRESS);
	model_clear(&m);
}

static void a_check_that_connects_needs_a_port_of_the_first_vip_or_its_own(void **state)
{
	static const enum check_kind kinds[] = { CHECK_TCP, CHECK_HTTP, CHECK_HTTPS };
	struct service *s;
	struct model m;
	(void)state;

	model_init(&m);
	s = add_service(&m, "web", "10.200.1.1:0/tcp", MODE_L2);
	add_vip(s, "10.200.1.2:80/tcp");
	assert_right(&m);
	s->check.kind = CHECK_ICMP;
	assert_right(&m);
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		struct model_error error;

		s->check = (struct check){ .kind = kinds[i] };
		assert_int_equal(model_validate(&m, &error), -EINVAL);
		assert_int_equal(error.at, PART_CHECK);
		s->check.port = 80;
		assert_right(&m);
	}
	s->check = (struct check){ .kind = CHECK_TCP };
	assert_wrong(&m, "check tcp of service web: want a port, as vip 10.200.1.1:0/tcp has none",
		     PART_CHECK);
	s->vips[0].port = 80;
	s->vips[1].port = 0;
	assert_right(&m);
	model_clear(&m);
}

static void a_vip_is_of_one_service(void **state)
{
	struct model m;
	(void)state;

	model_web(&m);
	add_service(&m, "a", "10.200.1.7:80/tcp", MODE_L2);
	add_vip(model_service(&m, "a"), "10.200.1.1:53/udp");
	assert_wrong(&m, "vip 10.200.1.1:53/udp of service dns: want one of its own, service a has it",
		     PART_VIP);
	model_clear(&m);
}

static void vips_that_differ_in_port_protocol_or_family_are_different(void **state)
{
	struct model m;
	(void)state;

	model_init(&m);
	add_service(&m, "a", "10.200.1.1:80/tcp", MODE_L2);
	add_service(&m, "b", "10.200.1.1:81/tcp", MODE_L2);
	add_service(&m, "c", "10.200.1.1:80/udp", MODE_L2);
	add_service(&m, "d", "10.200.1.1:0/tcp", MODE_L2);
	add_service(&m, "e", "[ac8:101::]:80/tcp", MODE_L2);	/* the same first bytes */
	assert_right(&m);
	model_clear(&m);
}

static void an_error_names_the_vip_by_its_number(void **state)
{
	struct model_error error;
	struct model m;
	(void)state;

	model_web(&m);
	add_vip(model_service(&m, "web"), "10.200.1.1:81/tcp");
	add_vip(model_service(&m, "web"), "224.0.0.1:81/tcp");
	assert_int_equal(model_validate(&m, &error), -EINVAL);
	assert_int_equal(error.at, PART_VIP);
	assert_int_equal(error.index, 2);
	assert_ptr_equal(error.service, model_service(&m, "web"));
	model_clear(&m);
}

static void addresses_at_the_edges_of_unicast_are_told_apart(void **state)
{
	static const struct {
		const char *address;
		bool right;
	} cases[] = {
		{ "0.0.0.0", false },	    { "0.0.0.1", true },     { "223.255.255.255", true },
		{ "224.0.0.0", false },	    { "239.255.255.255", false }, { "240.0.0.1", true },
		{ "255.255.255.255", false }, { "126.255.255.255", true }, { "127.0.0.0", false },
		{ "127.255.255.255", false }, { "128.0.0.0", true },
		{ "::", false },	    { "::1", false },	     { "::2", true },
		{ "ff00::", false },	    { "ff02::1", false },    { "feff::1", true },
	};
	(void)state;

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct model_error error;
		struct model m;

		model_init(&m);
		add_backend(add_service(&m, "web", "10.200.1.1:80/tcp", MODE_IPIP), "b1",
			    cases[i].address);
		if (!model_validate(&m, &error) != cases[i].right)
			fail_msg("%s", cases[i].address);
		model_clear(&m);
	}
}

static void a_ring_has_a_ceiling_and_says_which_weights_are_too_far_apart(void **state)
{
	struct service *s;
	struct model m;
	(void)state;

	model_init(&m);
	m.limit_cells = 600000;
	s = add_service(&m, "web", "10.200.1.1:80/tcp", MODE_IPIP);
	add_backend(s, "b1", "10.0.0.1")->weight = 0;
	add_backend(s, "b2", "10.0.0.2")->weight = 1;
	add_backend(s, "b3", "10.0.0.3");
	add_backend(s, "b4", "10.0.0.4")->weight = WEIGHT_MAX;
	assert_wrong(&m,
		     "service web of 150151 points: want at most 150000, weights 1000 of b4 and 0.001 of b2 are too far apart",
		     PART_SERVICE);
	m.limit_cells = 600604;
	assert_right(&m);
	model_clear(&m);
}

static void a_ring_of_equal_weights_over_the_ceiling_asks_for_fewer_virtual_nodes(void **state)
{
	struct service *s;
	struct model m;
	(void)state;

	model_init(&m);
	m.limit_cells = 1000;
	s = add_service(&m, "web", "10.200.1.1:80/tcp", MODE_IPIP);
	add_backend(s, "b1", "10.0.0.1");
	add_backend(s, "b2", "10.0.0.2");
	assert_wrong(&m, "service web of 300 points: want at most 250, with fewer vnodes or backends, "
		     "or weight_unit: 2",
		     PART_SERVICE);
	model_clear(&m);
}

static void all_backends_fit_their_limit(void **state)
{
	struct model m;
	(void)state;

	model_web(&m);
	m.limit_backends = 4;
	assert_right(&m);
	m.limit_backends = 3;
	assert_wrong(&m, "service web makes 3 backends: want at most 2 in all, as limits say",
		     PART_SERVICE);
	model_clear(&m);
}

static void vips_and_ways_back_through_nat_fit_their_table(void **state)
{
	struct service *s;
	struct model m;
	char text[VIP_TEXT];
	(void)state;

	model_init(&m);
	s = add_service(&m, "web", "10.200.1.1:80/tcp", MODE_NAT);
	for (unsigned i = 0; i < XRING_VIPS_MAX - 1; i++) {
		snprintf(text, sizeof(text), "b%05u", i);
		add_backend(s, text, "10.0.0.1:1")->port = (uint16_t)(i + 1);
	}
	assert_right(&m);
	add_backend(s, "one-more", "10.0.0.2");
	assert_wrong(&m, "service web makes 13108 vips and nat backends: want at most 13107 in all",
		     PART_SERVICE);
	s->mode = MODE_IPIP;
	model_clear(&m);
}

/* A word of heat has twelve bits for the number of the service. */
static void services_are_no_more_than_have_a_number(void **state)
{
	struct model m;
	char name[32], vip[VIP_TEXT];
	(void)state;

	model_init(&m);
	for (unsigned i = 1; i < XRING_TABLES; i++) {
		snprintf(name, sizeof(name), "s%04u", i);
		snprintf(vip, sizeof(vip), "10.200.%u.%u:80/tcp", i / 256, i % 256);
		add_backend(add_service(&m, name, vip, MODE_IPIP), "b1", "10.0.0.1");
	}
	assert_right(&m);
	add_backend(add_service(&m, "web", "10.201.1.1:80/tcp", MODE_IPIP), "b1", "10.0.0.1");
	assert_wrong(&m, "service web is one of 4096: want at most 4095", PART_SERVICE);
	model_clear(&m);
}

static void nat_backends_may_share_an_address_where_replies_can_be_told_apart(void **state)
{
	struct service *s;
	struct model m;
	(void)state;

	model_init(&m);
	s = add_service(&m, "web", "10.200.1.1:80/tcp", MODE_NAT);
	add_vip(s, "10.200.1.1:80/udp");
	add_vip(s, "10.200.1.1:443/tcp");
	add_backend(s, "b1", "10.0.0.1");
	s = add_service(&m, "alt", "10.200.1.2:80/tcp", MODE_NAT);
	add_backend(s, "b1", "10.0.0.1:81");
	s = add_service(&m, "any", "10.200.1.3:0/tcp", MODE_NAT);
	add_backend(s, "b1", "10.0.0.1");
	s = add_service(&m, "any-udp", "10.200.1.3:0/udp", MODE_NAT);
	add_backend(s, "b1", "10.0.0.1");
	s = add_service(&m, "direct", "10.200.1.4:80/tcp", MODE_L2);
	add_backend(s, "b1", "10.0.0.1");
	assert_right(&m);
	model_clear(&m);
}

static void one_port_of_a_backend_behind_two_nat_vips_is_refused(void **state)
{
	struct model_error error;
	struct service *s;
	struct model m;
	(void)state;

	model_init(&m);
	s = add_service(&m, "a", "10.200.1.1:80/tcp", MODE_NAT);
	add_backend(s, "b1", "10.0.0.1");
	s = add_service(&m, "b", "10.200.1.2:8080/tcp", MODE_NAT);
	add_backend(s, "x1", "10.0.0.1:80");
	assert_wrong(&m,
		     "backend x1 at 10.0.0.1:80/tcp: want it behind one nat vip, replies of 10.200.1.1:80/tcp and 10.200.1.2:8080/tcp could not be told apart",
		     PART_BACKEND_ADDRESS);
	assert_int_equal(model_validate(&m, &error), -EINVAL);
	assert_string_equal(error.backend->name, "x1");
	s->mode = MODE_IPIP;
	service_backend(s, "x1")->port = 0;
	assert_right(&m);
	model_clear(&m);
}

/* Whatever a command takes away, a rule has somebody to go to. */
static void the_last_backend_that_a_rule_needs_stays(void **state)
{
	struct service *s;
	struct model m;
	(void)state;

	model_web(&m);
	s = model_service(&m, "dns");
	add_backend(s, "b2", "10.0.0.2");
	strcpy(service_backend(s, "b2")->region, "west");
	assert_right(&m);
	strcpy(service_backend(s, "b1")->tags, "beta");
	assert_wrong(&m,
		     "rule 1 of service dns: constraint +tag=ssd: want a tag that a backend of the service has",
		     PART_RULE_CONSTRAINT);
	strcpy(service_backend(s, "b2")->tags, "ssd");
	assert_wrong(&m,
		     "rule 1 of service dns: nothing can satisfy it: want a backend that is within all its constraints",
		     PART_RULE);
	strcpy(service_backend(s, "b2")->region, "east");
	assert_right(&m);
	service_backend_remove(s, "b1");
	assert_right(&m);
	service_backend_remove(s, "b2");
	assert_wrong(&m,
		     "rule 1 of service dns: constraint +tag=ssd: want a tag that a backend of the service has",
		     PART_RULE_CONSTRAINT);
	model_clear(&m);
}

static void the_region_of_an_interface_is_one_that_there_is(void **state)
{
	struct model m;
	char name[16];
	(void)state;

	model_web(&m);
	other_ingress(&m);
	assert_right(&m);
	strcpy(m.interfaces[0].region, "south");
	assert_wrong(&m, "interface eth0: region south: want a region that there is",
		     PART_INTERFACE_REGION);
	strcpy(m.interfaces[0].region, "east");
	for (unsigned i = 1; i <= INTERFACE_REGIONS_MAX; i++) {
		assert_right(&m);
		snprintf(name, sizeof(name), "eth%u", i);
		assert_int_equal(model_interface_add(&m, name), 0);
		strcpy(model_interface(&m, name)->region, "west");
	}
	assert_wrong(&m, "interface eth16: region west: want at most 16 interfaces with one",
		     PART_INTERFACE_REGION);
	model_clear(&m);
}

/* As one that is remembered has where its list is gone. */
static void a_rule_for_an_empty_set_is_not_one_for_everybody(void **state)
{
	struct prefix_list none = {};
	struct model m;
	struct rule *rule;
	(void)state;

	model_web(&m);
	rule = &model_service(&m, "dns")->rules[0];
	prefix_set_put(rule->clients);
	rule->clients = prefix_set_new(strdup("/etc/gone.txt"), &none);
	assert_wrong(&m, "rule 1 of service dns: clients /etc/gone.txt: want one network at least",
		     PART_RULE_CLIENTS);
	prefix_set_put(rule->clients);
	rule->clients = NULL;
	assert_wrong(&m,
		     "rule 2 of service dns: it is for everybody else: want one such rule, rule 1 is one",
		     PART_RULE);
	model_clear(&m);
}

/* 10.0.N.0/24 for some of `range` numbers, ascending. */
static struct prefix_set *some_networks(unsigned range, unsigned one_in)
{
	struct prefix_list list = { calloc(range + 1, sizeof(*list.prefixes)), 0 };
	struct address a = { .family = AF_INET, .bytes = { 10 } };

	assert_non_null(list.prefixes);
	for (unsigned i = 0; i < range; i++) {
		if (rand() % one_in && (list.count || i + 1 < range))
			continue;
		a.bytes[1] = (uint8_t)(i >> 8);
		a.bytes[2] = (uint8_t)i;
		list.prefixes[list.count++] = prefix_of(&a, 24);
	}
	return prefix_set_new(NULL, &list);
}

static bool any_shared(const struct prefix_list *a, const struct prefix_list *b)
{
	for (size_t i = 0; i < a->count; i++)
		for (size_t k = 0; k < b->count; k++)
			if (!prefix_compare(&a->prefixes[i], &b->prefixes[k]))
				return true;
	return false;
}

static void rules_tie_exactly_where_their_sets_share_a_prefix(void **state)
{
	unsigned ties = 0;
	(void)state;

	srand(5);
	for (unsigned round = 0; round < 2000; round++) {
		struct model_error error;
		struct service *s;
		struct model m;
		bool tie;

		model_init(&m);
		s = add_service(&m, "web", "10.200.1.1:80/tcp", MODE_NAT);
		add_rule(s, NULL)->strategy = STRATEGY_GLOBAL;
		s->rules[0].clients = some_networks(300, 3 + round % 60);
		add_rule(s, NULL)->strategy = STRATEGY_GLOBAL;
		s->rules[1].clients = some_networks(300, 10);
		tie = any_shared(&s->rules[0].clients->list, &s->rules[1].clients->list);
		assert_int_equal(model_validate(&m, &error), tie ? -EINVAL : 0);
		if (tie)
			assert_int_equal(error.at, PART_RULE_CLIENTS);
		ties += tie;
		model_clear(&m);
	}
	assert_in_range(ties, 200, 1800);
}

static void a_message_of_the_longest_names_is_whole(void **state)
{
	char name[NAME_BYTES], other[NAME_BYTES];
	struct model_error error;
	struct service *s;
	struct model m;
	(void)state;

	memset(name, 'n', sizeof(name));
	name[sizeof(name) - 1] = '\0';
	memset(other, 'o', sizeof(other));
	other[sizeof(other) - 1] = '\0';
	model_init(&m);
	m.limit_cells = 64;
	s = add_service(&m, name, "10.200.1.1:80/tcp", MODE_IPIP);
	add_backend(s, name, "10.0.0.1")->weight = 1;
	add_backend(s, other, "10.0.0.2")->weight = 999999;
	assert_int_equal(model_validate(&m, &error), -EINVAL);
	assert_in_range(strlen(error.why.text), 1, sizeof(error.why.text) - 2);
	assert_non_null(strstr(error.why.text, "of 150001 points: want at most 16, weights"));
	model_clear(&m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(services_and_backends_are_sorted_by_name),
		cmocka_unit_test(a_name_can_be_added_once_and_removed),
		cmocka_unit_test(a_name_that_is_too_long_is_not_cut),
		cmocka_unit_test(what_is_added_has_the_defaults),
		cmocka_unit_test(arrays_grow_and_shrink_at_every_size),
		cmocka_unit_test(a_copy_is_equal_and_shares_nothing),
		cmocka_unit_test(a_copy_of_nothing_can_grow),
		cmocka_unit_test(models_that_differ_in_anything_are_not_equal),
		cmocka_unit_test(points_are_rounded_half_up_and_one_at_least),
		cmocka_unit_test(an_unchanged_file_leaves_what_commands_changed),
		cmocka_unit_test(what_the_file_changed_is_done_to_an_untouched_model),
		cmocka_unit_test(changes_of_commands_and_of_the_file_do_not_disturb_each_other),
		cmocka_unit_test(a_region_and_a_backend_keep_what_only_one_side_changed),
		cmocka_unit_test(rules_that_the_file_changed_are_taken_whole),
		cmocka_unit_test(models_share_sets_of_clients_until_the_last_is_gone),
		cmocka_unit_test(the_file_wins_over_a_command_on_one_field),
		cmocka_unit_test(a_check_that_the_file_changed_is_taken_whole),
		cmocka_unit_test(an_interface_takes_the_region_that_the_file_gives_it),
		cmocka_unit_test(the_region_of_an_interface_is_one_that_there_is),
		cmocka_unit_test(a_name_new_in_the_file_replaces_the_one_of_a_command),
		cmocka_unit_test(a_service_that_a_command_removed_stays_removed),
		cmocka_unit_test(the_first_file_is_taken_whole),
		cmocka_unit_test(a_model_that_can_run_is_accepted),
		cmocka_unit_test(a_service_needs_a_vip),
		cmocka_unit_test(a_backend_needs_an_address),
		cmocka_unit_test(a_check_that_connects_needs_a_port_of_the_first_vip_or_its_own),
		cmocka_unit_test(a_vip_is_of_one_service),
		cmocka_unit_test(vips_that_differ_in_port_protocol_or_family_are_different),
		cmocka_unit_test(an_error_names_the_vip_by_its_number),
		cmocka_unit_test(addresses_at_the_edges_of_unicast_are_told_apart),
		cmocka_unit_test(a_ring_has_a_ceiling_and_says_which_weights_are_too_far_apart),
		cmocka_unit_test(a_ring_of_equal_weights_over_the_ceiling_asks_for_fewer_virtual_nodes),
		cmocka_unit_test(all_backends_fit_their_limit),
		cmocka_unit_test(vips_and_ways_back_through_nat_fit_their_table),
		cmocka_unit_test(services_are_no_more_than_have_a_number),
		cmocka_unit_test(nat_backends_may_share_an_address_where_replies_can_be_told_apart),
		cmocka_unit_test(one_port_of_a_backend_behind_two_nat_vips_is_refused),
		cmocka_unit_test(the_last_backend_that_a_rule_needs_stays),
		cmocka_unit_test(a_rule_for_an_empty_set_is_not_one_for_everybody),
		cmocka_unit_test(rules_tie_exactly_where_their_sets_share_a_prefix),
		cmocka_unit_test(a_message_of_the_longest_names_is_whole),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
