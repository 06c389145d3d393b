/* Stand-in for libedgetpu.so.1: its entry points without a device. Compiled with -DMODE=OK, NO_DEVICE, ABORT or HANG.
 * It claims no layer, so that the networks run on the CPU of the process that loaded it. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { OK, NO_DEVICE, ABORT, HANG };

struct delegate { /* TfLiteDelegate, tensorflow/lite/core/c/common.h */
    void *data;
    int (*prepare)(void *context, struct delegate *self);
    void *copy_from, *copy_to, *free_handle;
    int64_t flags;
    void *opaque_builder;
};

static int prepare(void *context, struct delegate *self)
{
    (void)context, (void)self;
    if (MODE == ABORT) { /* what the library does when a transfer fails */
        fputs("F driver/usb/usb_driver.cc:857] transfer on tag 2 failed. Abort. (stand-in)\n", stderr);
        abort();
    }
    if (MODE == HANG)
        for (;;)
            pause();
    return 0;
}

struct delegate *tflite_plugin_create_delegate(char **keys, char **values, size_t count, void (*report)(const char *))
{
    (void)keys, (void)values, (void)count, (void)report;
    if (MODE == NO_DEVICE)
        return NULL;
    struct delegate *made = calloc(1, 4096); /* room for fields that newer runtimes look at */
    if (made)
        made->prepare = prepare;
    return made;
}

void tflite_plugin_destroy_delegate(struct delegate *self)
{
    free(self);
}
