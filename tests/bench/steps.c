// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * An interpreter of BPF, for as much of it as a common packet executes. Addresses are made
 * up: the highest byte says in what an address is (enum place), the rest is an offset. Maps
 * are read through mmap, like the daemon does; what lies in per-CPU maps reads as 0.
 */
#include "steps.h"

#include <errno.h>
#include <linux/bpf.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <bpf/bpf.h>

#include "stats.h"
#include "world.h"

#define INSTRUCTIONS_MAX 65536
#define STEPS_MAX 100000
#define HEADROOM 256
#define STACK 512
#define MAPS_MAX 32
#define INGRESS 1			/* index of the interface at which the packet comes in */

enum place { PLACE_NONE, PACKET, STACK_TOP, CONTEXT, QUEUE, DEVICE, MAP, PER_CPU };

static uint64_t address(enum place place, uint64_t offset)
{
	return ((uint64_t)place << 56) + offset;
}

static enum place place_of(uint64_t address)
{
	return address >> 56;
}

struct map {
	uint32_t id;
	bool per_cpu;
	uint8_t *memory;
	size_t size;
};

struct machine {
	struct steps steps;
	uint64_t reg[11];
	uint64_t data, end;
	struct map maps[MAPS_MAX];
	unsigned map_count;
	/* Where the kernel's struct of a map keeps its values: the first addition tells. */
	uint64_t values;
	uint8_t packet[HEADROOM + 512];
	uint8_t stack[STACK];
};

static struct bpf_insn code[INSTRUCTIONS_MAX];

static unsigned map_index(struct machine *m, uint32_t id)
{
	struct map *map = &m->maps[m->map_count];
	struct bpf_map_info info = {};
	__u32 size = sizeof(info);
	int fd;

	for (unsigned i = 0; i < m->map_count; i++)
		if (m->maps[i].id == id)
			return i;
	fd = bpf_map_get_fd_by_id(id);
	if (m->map_count == MAPS_MAX || fd < 0 || bpf_obj_get_info_by_fd(fd, &info, &size))
		fail("map %u: %s", id, strerror(errno));
	*map = (struct map){ .id = id, .per_cpu = info.type == BPF_MAP_TYPE_PERCPU_ARRAY,
			     .size = ((size_t)info.value_size + 7) / 8 * 8 * info.max_entries };
	if (!map->per_cpu) {
		map->memory = mmap(NULL, map->size, PROT_READ, MAP_SHARED, fd, 0);
		if (map->memory == MAP_FAILED)
			fail("map %s: mmap: %s", info.name, strerror(errno));
	}
	close(fd);
	return m->map_count++;
}

/* A map's number in the bits above its offset. */
static uint64_t map_address(struct machine *m, uint32_t id, uint64_t offset)
{
	return address(MAP, (uint64_t)map_index(m, id) << 40) + offset;
}

/* The memory at an address; NULL: it reads as *ret_value. */
static uint8_t *memory_at(struct machine *m, uint64_t at, uint64_t *ret_value)
{
	uint64_t offset = at & ((1ULL << 40) - 1);
	struct map *map;

	*ret_value = 0;
	switch (place_of(at)) {
	case PACKET:
		return m->packet + offset;
	case STACK_TOP:
		m->steps.stack++;
		return m->stack + offset;
	case CONTEXT:		/* struct xdp_buff: data, data_end, ..., rxq */
		*ret_value = offset == 0 ? m->data : offset == 8 ? m->end : address(QUEUE, 0);
		return NULL;
	case QUEUE:		/* struct xdp_rxq_info: dev */
		*ret_value = address(DEVICE, 0);
		return NULL;
	case DEVICE:
		*ret_value = INGRESS;
		return NULL;
	case MAP:
		map = &m->maps[at >> 40 & 0xff];
		if (map->per_cpu) {	/* a pointer to the values of all CPUs */
			*ret_value = address(PER_CPU, 0);
			return NULL;
		}
		return offset - m->values < map->size ? map->memory + (offset - m->values) : NULL;
	default:
		return NULL;
	}
}

static const unsigned sizes[] = { 4, 2, 1, 8 };		/* of BPF_W, BPF_H, BPF_B, BPF_DW */

static void load(struct machine *m, const struct bpf_insn *i)
{
	uint64_t value;
	uint8_t *at = memory_at(m, m->reg[i->src_reg] + i->off, &value);

	if (at)
		memcpy(&value, at, sizes[i->code >> 3 & 3]);
	m->reg[i->dst_reg] = value;
}

static void store(struct machine *m, const struct bpf_insn *i)
{
	uint64_t value, to = m->reg[i->dst_reg] + i->off;
	uint8_t *at = memory_at(m, to, &value);

	value = BPF_CLASS(i->code) == BPF_ST ? (uint64_t)(int64_t)i->imm : m->reg[i->src_reg];
	if (place_of(to) == PACKET || place_of(to) == STACK_TOP)
		memcpy(at, &value, sizes[i->code >> 3 & 3]);
}

static uint64_t swap(uint64_t value, int bits)
{
	return bits == 16 ? __builtin_bswap16(value) : bits == 32 ? __builtin_bswap32(value) :
							     __builtin_bswap64(value);
}

static uint64_t compute(uint8_t operation, uint64_t a, uint64_t b, bool wide)
{
	unsigned shift = b & (wide ? 63 : 31);

	switch (operation) {
	case BPF_ADD: return a + b;
	case BPF_SUB: return a - b;
	case BPF_MUL: return a * b;
	case BPF_OR: return a | b;
	case BPF_AND: return a & b;
	case BPF_XOR: return a ^ b;
	case BPF_LSH: return a << shift;
	case BPF_RSH: return a >> shift;
	case BPF_ARSH: return wide ? (uint64_t)((int64_t)a >> shift) :
				     (uint32_t)((int32_t)a >> shift);
	case BPF_NEG: return -a;
	case BPF_MOV: return b;
	}
	fail("operation %#x is not known", operation);
}

static void arithmetic(struct machine *m, const struct bpf_insn *i)
{
	bool wide = BPF_CLASS(i->code) == BPF_ALU64;
	uint64_t *to = &m->reg[i->dst_reg], a = *to;
	uint64_t b = BPF_SRC(i->code) == BPF_X ? m->reg[i->src_reg] : (uint64_t)(int64_t)i->imm;

	if (BPF_OP(i->code) == BPF_END) {
		*to = swap(a, i->imm);
		return;
	}
	/* A map's own address: what is added is where its values begin. */
	if (BPF_OP(i->code) == BPF_ADD && place_of(a) == MAP && !(a & ((1ULL << 40) - 1)))
		m->values = b;
	if (!wide) {
		a = (uint32_t)a;
		b = (uint32_t)b;
	}
	a = compute(BPF_OP(i->code), a, b, wide);
	*to = wide ? a : (uint32_t)a;
}

static bool jumps(const struct machine *m, const struct bpf_insn *i)
{
	bool wide = BPF_CLASS(i->code) == BPF_JMP;
	uint64_t a = m->reg[i->dst_reg];
	uint64_t b = BPF_SRC(i->code) == BPF_X ? m->reg[i->src_reg] : (uint64_t)(int64_t)i->imm;
	int64_t sa = wide ? (int64_t)a : (int32_t)a, sb = wide ? (int64_t)b : (int32_t)b;

	if (!wide) {
		a = (uint32_t)a;
		b = (uint32_t)b;
	}
	switch (BPF_OP(i->code)) {
	case BPF_JA: return true;
	case BPF_JEQ: return a == b;
	case BPF_JNE: return a != b;
	case BPF_JGT: return a > b;
	case BPF_JGE: return a >= b;
	case BPF_JLT: return a < b;
	case BPF_JLE: return a <= b;
	case BPF_JSET: return a & b;
	case BPF_JSGT: return sa > sb;
	case BPF_JSGE: return sa >= sb;
	case BPF_JSLT: return sa < sb;
	case BPF_JSLE: return sa <= sb;
	}
	fail("jump %#x is not known", i->code);
}

/* The only helper of a common packet puts a header before it. */
static void call(struct machine *m, const struct bpf_insn *i)
{
	if (i->src_reg || place_of(m->reg[1]) != CONTEXT)
		fail("the packet calls a function");
	m->steps.helpers++;
	m->data += (int32_t)m->reg[2];
	m->reg[0] = 0;
}

static void program_read(const struct world *world)
{
	struct bpf_prog_info info = {};
	__u32 size = sizeof(info);

	info.xlated_prog_insns = (uintptr_t)code;
	info.xlated_prog_len = sizeof(code);
	if (bpf_obj_get_info_by_fd(world->program, &info, &size))
		fail("program: %s", strerror(errno));
}

/* An instruction of two slots: a map, an address in a map's value, or a constant. */
static void load_wide(struct machine *m, const struct bpf_insn *i)
{
	uint64_t *to = &m->reg[i->dst_reg];

	if (i->src_reg == BPF_PSEUDO_MAP_VALUE)
		*to = address(PER_CPU, i[1].imm);	/* a constant's map, of which 0 is read */
	else if (i->src_reg == BPF_PSEUDO_MAP_FD)
		*to = map_address(m, i->imm, 0);
	else
		*to = (uint32_t)i->imm | (uint64_t)i[1].imm << 32;
}

void steps_count(const struct world *world, const uint8_t *frame, unsigned bytes,
		 struct steps *ret)
{
	static struct machine m;

	program_read(world);
	m = (struct machine){ .data = address(PACKET, HEADROOM),
			      .end = address(PACKET, HEADROOM + bytes) };
	memcpy(m.packet + HEADROOM, frame, bytes);
	m.reg[1] = address(CONTEXT, 0);
	m.reg[10] = address(STACK_TOP, STACK);
	for (const struct bpf_insn *i = code; m.steps.instructions < STEPS_MAX; i++) {
		m.steps.instructions++;
		switch (BPF_CLASS(i->code)) {
		case BPF_LD:
			load_wide(&m, i++);
			break;
		case BPF_LDX:
			load(&m, i);
			break;
		case BPF_ST:
		case BPF_STX:
			store(&m, i);
			break;
		case BPF_ALU:
		case BPF_ALU64:
			arithmetic(&m, i);
			break;
		default:
			if (BPF_OP(i->code) == BPF_EXIT) {
				m.steps.verdict = m.reg[0];
				*ret = m.steps;
				return;
			}
			if (BPF_OP(i->code) == BPF_CALL)
				call(&m, i);
			else if (jumps(&m, i))
				i += i->off;
		}
	}
	fail("the packet goes on for ever");
}
