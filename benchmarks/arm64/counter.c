/* A plugin for qemu-aarch64 that counts executed guest instructions and writes the count down at marks.

   A mark is the system call close(MARK + n), which does nothing else. Counting is exact for one thread at a time.
   usage: qemu-aarch64 -plugin counter.so,out=FILE PROGRAM…    FILE gets a line "n count" for each mark
   Only the few declarations of QEMU's plugin interface (version 1) that are used are repeated here, so that nothing of
   QEMU's source is needed to build it. */
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#define EXPORT __attribute__((visibility("default")))
#define CLOSE 57 /* the number of close() on arm64 */
#define MARK 1000000

struct qemu_plugin_tb;
typedef uint64_t plugin_id;
enum operation { INLINE_ADD_U64 };

void qemu_plugin_register_vcpu_tb_trans_cb(plugin_id, void (*)(plugin_id, struct qemu_plugin_tb *));
void qemu_plugin_register_vcpu_tb_exec_inline(struct qemu_plugin_tb *, enum operation, void *, uint64_t);
void qemu_plugin_register_vcpu_syscall_cb(plugin_id, void (*)(plugin_id, unsigned, int64_t, uint64_t, uint64_t, uint64_t,
                                                              uint64_t, uint64_t, uint64_t, uint64_t, uint64_t));
size_t qemu_plugin_tb_n_insns(const struct qemu_plugin_tb *);

EXPORT int qemu_plugin_version = 1;

static uint64_t executed;
static FILE *out;

static void translated(plugin_id id, struct qemu_plugin_tb *block)
{
    (void)id;
    qemu_plugin_register_vcpu_tb_exec_inline(block, INLINE_ADD_U64, &executed, qemu_plugin_tb_n_insns(block));
}

static void called(plugin_id id, unsigned cpu, int64_t number, uint64_t first, uint64_t a2, uint64_t a3, uint64_t a4,
                   uint64_t a5, uint64_t a6, uint64_t a7, uint64_t a8)
{
    (void)id, (void)cpu, (void)a2, (void)a3, (void)a4, (void)a5, (void)a6, (void)a7, (void)a8;
    int mark = (int)first - MARK;
    if (number != CLOSE || mark < 0)
        return;
    fprintf(out, "%d %llu\n", mark, (unsigned long long)executed);
    fflush(out);
}

EXPORT int qemu_plugin_install(plugin_id id, const void *machine, int count, char **arguments)
{
    (void)machine;
    if (count != 1 || strncmp(arguments[0], "out=", 4) != 0 || !(out = fopen(arguments[0] + 4, "w")))
        return -1;
    qemu_plugin_register_vcpu_tb_trans_cb(id, translated);
    qemu_plugin_register_vcpu_syscall_cb(id, called);
    return 0;
}
