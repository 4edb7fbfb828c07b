package dev.hone.train.serve;

/** What the JDK's server reads once from system properties, before its first use; what is set already stays. */
final class HttpDefaults {
  private static final int MAX_REQUEST_SECONDS = 60; // a client that sends slower holds a connection and nothing else
  private static final int READING_SECONDS = 60; // for a client to read what is written already

  private HttpDefaults() {}

  static void set(int deadline) {
    set("sun.net.httpserver.nodelay", "true"); // tokens go out as they come
    set("sun.net.httpserver.maxReqTime", Integer.toString(MAX_REQUEST_SECONDS));
    set("sun.net.httpserver.maxRspTime", Integer.toString(deadline + READING_SECONDS));
    set("jdk.httpserver.maxConnections", "2048");
    set("sun.net.httpserver.maxReqHeaders", "100");
    set("sun.net.httpserver.maxReqHeaderSize", "32768");
  }

  private static void set(String name, String value) {
    if (System.getProperty(name) == null) {
      System.setProperty(name, value);
    }
  }
}
