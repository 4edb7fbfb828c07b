package dev.hone.train.serve;

import dev.hone.train.config.Setting;
import dev.hone.train.config.Settings;
import java.util.List;
import java.util.Map;

/**
 * Where a server listens and what it takes.
 *
 * @param host the address to listen on
 * @param port the port; 0 for any that is free
 * @param key what clients must send as {@code Authorization: Bearer KEY}; empty for none
 * @param origins web pages of these origins may ask, too
 * @param streams texts that are written at the same time
 * @param cacheTokens tokens that these may come to have together
 * @param maxRequests requests that are answered or wait, all routes together
 * @param maxQueuedTokens tokens that waiting texts may come to have
 * @param maxBody the most bytes of a request
 * @param maxNewTokens the most tokens of an answer
 * @param maxChoices the most answers to one request
 * @param maxInputs the most texts of a request to classify or embed
 * @param deadline seconds that an answer may take
 * @param grace seconds that running answers get when the server stops
 */
public record ServerSettings(
    @Setting(key = "host", form = "ADDRESS", help = "where to listen; elsewhere than here it needs a key", fallback = "127.0.0.1")
    String host,
    @Setting(key = "port", form = "N", help = "the port; 0 for any that is free", fallback = "8000")
    int port,
    @Setting(key = "key", form = "KEY", help = "what clients must send as a bearer token (see --key-file)", fallback = "")
    String key,
    @Setting(key = "cors_origins", form = "ORIGIN,...", help = "web pages of these origins may ask, too", fallback = "")
    List<String> origins,
    @Setting(key = "streams", form = "N", help = "texts that are written at the same time", fallback = "16")
    int streams,
    @Setting(key = "cache_tokens", form = "N", help = "tokens that these may come to have together", fallback = "65536")
    int cacheTokens,
    @Setting(key = "max_requests", form = "N", help = "requests that are answered or wait; more get 429", fallback = "256")
    int maxRequests,
    @Setting(key = "max_queued_tokens", form = "N", help = "tokens that waiting texts may come to have; more get 429", fallback =
    "262144")
    int maxQueuedTokens,
    @Setting(key = "max_body", form = "BYTES", help = "the most bytes of a request", fallback = "4194304")
    int maxBody,
    @Setting(key = "max_new_tokens", form = "N", help = "the most tokens of an answer", fallback = "4096")
    int maxNewTokens,
    @Setting(key = "max_choices", form = "N", help = "the most answers to one request", fallback = "16")
    int maxChoices,
    @Setting(key = "max_inputs", form = "N", help = "the most texts of a request to classify or embed", fallback = "1024")
    int maxInputs,
    @Setting(key = "deadline", form = "SECONDS", help = "seconds that an answer may take", fallback = "600")
    int deadline,
    @Setting(key = "grace", form = "SECONDS", help = "seconds that running answers get when the server stops", fallback = "30")
    int grace) {
  /** Flags, keys and defaults. */
  public static final Settings<ServerSettings> ALL = Settings.of(ServerSettings.class);

  private static final List<String> LOOPBACK = List.of("127.0.0.1", "localhost", "::1", "[::1]");

  /** Checks sizes, and that nobody from elsewhere gets in without a key. */
  public ServerSettings {
    origins = List.copyOf(origins);
    if (port < 0 || port > 65535) {
      throw new IllegalArgumentException("serve: port must be from 0 to 65535, is " + port);
    }
    int[] sizes = {streams, cacheTokens, maxRequests, maxQueuedTokens, maxBody, maxNewTokens, maxChoices, maxInputs, deadline};
    for (int size : sizes) {
      if (size < 1) {
        throw new IllegalArgumentException("serve: streams, cache_tokens, max_requests, max_queued_tokens, max_body, "
            + "max_new_tokens, max_choices, max_inputs and deadline must be at least 1, one is " + size);
      }
    }
    if (grace < 0) {
      throw new IllegalArgumentException("serve: grace must not be negative, is " + grace);
    }
    if (!key.isEmpty() && !key.matches("[\\x21-\\x7e]+")) {
      throw new IllegalArgumentException("serve: the key must be of visible ASCII characters without spaces");
    }
    if (!LOOPBACK.contains(host) && key.isEmpty()) {
      throw new IllegalArgumentException("serve: whoever reaches " + host
          + " could use the model; give a key (--key-file FILE), or "
          + "listen on 127.0.0.1");
    }
  }

  /** On this machine's own address with the usual limits. */
  public static ServerSettings onPort(int port) {
    return ALL.read(Map.of("port", port));
  }

  /** Whether only programs on this machine can connect. */
  boolean isLocal() {
    return LOOPBACK.contains(host);
  }
}
