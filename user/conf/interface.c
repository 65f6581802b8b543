// SPDX-License-Identifier: GPL-2.0-or-later
#include <string.h>

#include "base/util.h"
#include "conf/draft.h"
#include "conf/reader.h"
#include "conf/schema.h"
#include "conf/yaml.h"
#include "core/model/model.h"
#include "core/model/vlans.h"
#include "core/value/name.h"

#define INTERFACES_MAX 1024u
#define WANT_INTERFACE "1 to 15 printable ASCII characters without white space, / and :"

/* An interface that is being read. */
struct reading {
	struct interface interface;
	struct location name;
	struct location region;
};

/* Accepts the names that the kernel accepts, except bytes that are not ASCII. */
static bool interface_valid(const char *name)
{
	if (!strcmp(name, ".") || !strcmp(name, ".."))
		return false;
	for (const char *c = name; *c; c++)
		if (*c <= ' ' || *c > '~' || *c == '/' || *c == ':')
			return false;
	return *name && strlen(name) < sizeof(((struct interface *)NULL)->name);
}

static int read_name(struct reader *r, void *to)
{
	struct reading *reading = to;

	if (r->yaml.kind != YAML_SCALAR || !interface_valid(r->yaml.text))
		return yaml_refuse(&r->yaml, "interface", WANT_INTERFACE);
	if (model_interface(r->model, r->yaml.text))
		return yaml_refuse(&r->yaml, "interface", "it once");
	strcpy(reading->interface.name, r->yaml.text);
	reading->name = r->yaml.at;
	return 0;
}

static int read_region_name(struct reader *r, void *to)
{
	struct reading *reading = to;

	if (r->yaml.kind != YAML_SCALAR || !name_valid(r->yaml.text))
		return yaml_refuse(&r->yaml, "region", WANT_NAME);
	strcpy(reading->interface.region, r->yaml.text);
	reading->region = r->yaml.at;
	return 0;
}

static int read_any_mac(struct reader *r, void *to)
{
	struct reading *reading = to;

	return reader_bool(r, "any_mac", &reading->interface.any_mac);
}

static int read_attach(struct reader *r, void *to)
{
	struct reading *reading = to;
	bool attach;
	int err = reader_bool(r, "attach", &attach);

	if (!err)
		reading->interface.no_program = !attach;
	return err;
}

static int read_vlan(struct reader *r, void *to)
{
	struct interface *interface = to;
	uint32_t vlan;

	if (r->yaml.kind != YAML_SCALAR || vlan_parse(r->yaml.text, &vlan))
		return yaml_refuse(&r->yaml, "vlans", WANT_VLAN);
	for (size_t i = 0; i < interface->vlan_count; i++)
		if (interface->vlans[i] == vlan)
			return yaml_refuse(&r->yaml, "vlans", "it once");
	if (interface->vlan_count == INTERFACE_VLANS)
		return reader_fail(r, r->yaml.at, "vlans %s: want at most %u of them, or all",
				   r->yaml.text, INTERFACE_VLANS);
	interface->vlans[interface->vlan_count++] = vlan;
	return 0;
}

static int read_vlans(struct reader *r, void *to)
{
	struct reading *reading = to;

	if (r->yaml.kind != YAML_SCALAR)
		return reader_list(r, "vlans", read_vlan, &reading->interface);
	if (strcmp(r->yaml.text, "all"))
		return yaml_refuse(&r->yaml, "vlans", "a list of VLANs, or all");
	reading->interface.all_vlans = true;
	return 0;
}

static const struct field interface_fields[] = {
	{ "any_mac", read_any_mac },
	{ "attach", read_attach },
	{ "name", read_name },
	{ "region", read_region_name },
	{ "vlans", read_vlans },
};

static int read_mapping(struct reader *r, struct reading *reading)
{
	struct location start = r->yaml.at;
	int err = reader_fields(r, "interface", interface_fields, ARRAY_SIZE(interface_fields),
			      reading);

	if (!err && !reading->name.line)
		return reader_fail(r, start, "interface without a name: want " WANT_INTERFACE);
	return err;
}

static int read_interface(struct reader *r, void *to)
{
	struct reading reading = { 0 };
	size_t count = r->model->interface_count;
	int err = r->yaml.kind == YAML_MAPPING ? read_mapping(r, &reading) : read_name(r, &reading);

	(void)to;
	if (err)
		return err;
	if (count == INTERFACES_MAX)
		return reader_fail(r, reading.name, "interface %s: want at most %u of them",
				 reading.interface.name, INTERFACES_MAX);
	if (draft_interface_add(r->drafts, count, reading.region) ||
	    model_interface_add(r->model, reading.interface.name))
		return reader_no_memory(r);
	r->model->interfaces[count] = reading.interface;
	return 0;
}

int read_interfaces(struct reader *r, void *to)
{
	return reader_is_nothing(r) ? 0 : reader_list(r, "interfaces", read_interface, to);
}
