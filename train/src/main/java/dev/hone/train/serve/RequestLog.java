package dev.hone.train.serve;

import dev.hone.train.monitor.Answered;

/**
 * Is told of every answer that a server gives, by the thread that gives it, just before its last piece is out: whoever has an
 * answer can speak of it. What it throws changes nothing.
 */
@FunctionalInterface
public interface RequestLog {
  /** Nobody listens. */
  RequestLog NONE = answered -> { };

  /** An answer is given. */
  void answered(Answered answered);
}
