package dev.hone.core;

/** The heap has no room for a tensor. The message says how much was wanted and which settings help. */
public final class OutOfMemory extends HoneException {
  private static final long serialVersionUID = 1L;

  OutOfMemory(String what, long bytes, Throwable cause) {
    super(String.format(java.util.Locale.ROOT, "out of memory: %s needs %.1f MB, the heap is limited to %.1f MB; "
            + "give the JVM more (-Xmx), or use a smaller batch size or maximum length",
        what, bytes / 1e6, Runtime.getRuntime().maxMemory() / 1e6), cause);
  }
}
