package dev.hone.core;

import java.util.Locale;

/** The heap, or another device, has no room for a tensor. The message says how much was wanted and which settings help. */
public final class OutOfMemory extends HoneException {
  private static final long serialVersionUID = 1L;

  OutOfMemory(String what, Device device, long bytes, Throwable cause) {
    super(String.format(Locale.ROOT, "out of memory: %s needs %.1f MB, ", what, bytes / 1e6)
        + (device == Device.CPU
            ? String.format(Locale.ROOT, "the heap is limited to %.1f MB; give the JVM more (-Xmx), or use",
                Runtime.getRuntime().maxMemory() / 1e6)
            : "the device " + device + " has no room (" + cause.getMessage() + "); use")
        + " a smaller batch size or maximum length", cause);
  }
}
