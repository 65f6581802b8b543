// SPDX-License-Identifier: GPL-2.0-or-later
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "base/seal.h"
#include "base/util.h"

#define TEXT "hash_key: 00112233445566778899aabbccddeeff\nservices: {}\n"
#define SIZE (SEAL_BYTES + sizeof(TEXT) - 1)

static void sealed(char ret[SIZE + 1])
{
	seal_print(TEXT, strlen(TEXT), ret);
	strcpy(ret + SEAL_BYTES, TEXT);
}

static void a_sealed_text_is_right(void **state)
{
	char file[SIZE + 1];
	size_t len = 0;

	(void)state;
	sealed(file);
	assert_int_equal(strlen(file), SIZE);
	assert_int_equal(seal_check(file, SIZE, &len), SEAL_RIGHT);
	assert_int_equal(len, strlen(TEXT));
	assert_int_equal(file[0], '#');		/* a comment of YAML, and one line */
	assert_ptr_equal(strchr(file, '\n'), file + SEAL_BYTES - 1);
}

static void a_text_without_a_seal_has_none(void **state)
{
	size_t len;

	(void)state;
	assert_int_equal(seal_check(TEXT, strlen(TEXT), &len), SEAL_NONE);
	assert_int_equal(seal_check("[]", 2, &len), SEAL_NONE);
	assert_int_equal(seal_check("# xring.yaml\n", 13, &len), SEAL_NONE);
}

static void a_cut_at_any_byte_is_noticed(void **state)
{
	char file[SIZE + 1];
	size_t len;

	(void)state;
	sealed(file);
	for (size_t size = 0; size < SIZE; size++) {
		_free_ char *cut = malloc(size + 1);

		memcpy(cut, file, size);	/* so that a sanitizer sees a read beyond it */
		if (seal_check(cut, size, &len) != SEAL_BROKEN)
			fail_msg("cut at byte %zu", size);
	}
}

static void a_flip_of_any_bit_is_noticed(void **state)
{
	char file[SIZE + 1];
	size_t len;

	(void)state;
	for (size_t bit = 0; bit < 8 * SIZE; bit++) {
		sealed(file);
		file[bit / 8] ^= 1 << bit % 8;
		if (seal_check(file, SIZE, &len) != SEAL_BROKEN)
			fail_msg("bit %zu of byte %zu", bit % 8, bit / 8);
	}
}

static void what_is_appended_is_not_sealed(void **state)
{
	char file[SIZE + 5];
	size_t len = 0;

	(void)state;
	sealed(file);
	strcpy(file + SIZE, "more");
	assert_int_equal(seal_check(file, SIZE + 4, &len), SEAL_RIGHT);
	assert_int_equal(len, strlen(TEXT));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_sealed_text_is_right),
		cmocka_unit_test(a_text_without_a_seal_has_none),
		cmocka_unit_test(a_cut_at_any_byte_is_noticed),
		cmocka_unit_test(a_flip_of_any_bit_is_noticed),
		cmocka_unit_test(what_is_appended_is_not_sealed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
