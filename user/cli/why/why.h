/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef XRING_CLI_WHY_WHY_H
#define XRING_CLI_WHY_WHY_H

/* The commands that answer why: each is a row of cli/commands.c, and returns the exit status. */
struct args;

int run_drops(const struct args *args);
int run_events(const struct args *args);
int run_doctor(const struct args *args);
int run_explain(const struct args *args);

#endif
