/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef XRING_CLI_COMMANDS_H
#define XRING_CLI_COMMANDS_H

#include <stddef.h>
#include <stdio.h>

struct args;
struct command;

const struct command *commands(size_t *ret_count);
/*
 * The command that argv begins with; *ret_used: how many words it has. Two words go before
 * one: `hot split` is a command beside `hot`. NULL: none.
 */
const struct command *find_command(char **argv, int argc, int *ret_used);
void usage(FILE *to);
/*
 * Prints the usage of a command, and of commands that begin with the same word, one of which
 * may have been meant. EXIT_WORDS.
 */
int command_usage(const struct command *c, FILE *to);

/* The functions of the commands; each returns the exit code. */
int run_service_add(const struct args *args);
int run_service_set(const struct args *args);
int run_service_change(const struct args *args);
int run_service_list(const struct args *args);
int run_service_show(const struct args *args);
int run_backend_change(const struct args *args);
int run_backend_set(const struct args *args);
int run_backend_list(const struct args *args);
int run_plan(const struct args *args);
int run_apply(const struct args *args);
int run_changes(const struct args *args);
int run_change_show(const struct args *args);
int run_change_cancel(const struct args *args);
int run_ring_show(const struct args *args);
int run_ring_lookup(const struct args *args);
int run_hot(const struct args *args);
int run_hot_split(const struct args *args);
int run_hot_pin(const struct args *args);
int run_hot_exempt(const struct args *args);
int run_hot_clear(const struct args *args);
int run_hot_shards(const struct args *args);
int run_flows(const struct args *args);
int run_placement_show(const struct args *args);
int run_placement_forecast(const struct args *args);
int run_placement_explain(const struct args *args);
int run_placement_audit(const struct args *args);
int run_placement_homes(const struct args *args);
int run_attach(const struct args *args);
int run_detach(const struct args *args);
int run_stats(const struct args *args);
int run_top(const struct args *args);
int run_status(const struct args *args);
int run_save(const struct args *args);
int run_completion(const struct args *args);

#endif
