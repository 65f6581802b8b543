/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef XRING_DAEMON_WATCH_DAEMON_H
#define XRING_DAEMON_WATCH_DAEMON_H

#include "daemon/events/events.h"
#include "daemon/source/file.h"
#include "daemon/watch/agents.h"
#include "daemon/watch/asked.h"
#include "daemon/watch/doctor.h"
#include "daemon/watch/egress.h"
#include "daemon/watch/explainer.h"
#include "daemon/watch/health.h"
#include "daemon/watch/homes.h"
#include "daemon/watch/hot.h"
#include "daemon/watch/loads.h"
#include "daemon/watch/new_flows.h"
#include "daemon/watch/received.h"
#include "daemon/watch/samples.h"

/*
 * All parts of the daemon that outlive a request: the engine, the source of its
 * configuration, and the watchers.
 */
struct daemon {
	struct engine *engine;
	struct events events;
	struct config_file file;
	struct home_watch homes;
	struct health_watch health;
	struct agent_watch agents;
	struct hot_watch hot;
	struct loads loads;
	struct flows flows;
	struct egress_watch egress;
	struct asked_watch asked;
	struct received_watch received;
	struct samples_watch samples;
	struct doctor_watch doctor;
	struct explainer explainer;
};

#endif
