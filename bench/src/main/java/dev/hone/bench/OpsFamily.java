package dev.hone.bench;

/** The cases of one family of operators. */
interface OpsFamily {
  /** Hands every case to the report, which measures those that are wanted. */
  void run(OpsReport report);
}
