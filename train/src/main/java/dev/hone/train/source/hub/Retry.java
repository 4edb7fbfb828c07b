package dev.hone.train.source.hub;

import java.io.IOException;
import java.net.ConnectException;
import java.net.UnknownHostException;
import java.net.http.HttpConnectTimeoutException;
import java.nio.channels.UnresolvedAddressException;
import java.time.Duration;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLHandshakeException;

/**
 * How often something is tried, and how long is waited before: after faults that may pass, up to five times without any progress.
 * A server that says when to come again is believed, if that is soon.
 */
final class Retry {
  private static final int[] SECONDS = {1, 2, 4, 8, 8};
  private static final int LONGEST = 300;
  private static final Set<Integer> PASSING = Set.of(408, 429, 500, 502, 503, 504);
  private static final Pattern WINDOW = Pattern.compile("\\br=0\\b.*\\bt=(\\d+)");

  private final HubSettings settings;
  private final Pause pause;
  private final String what;
  private int failures;

  /**
   * For one thing that is tried.
   *
   * @param what names it in messages
   */
  Retry(HubSettings settings, Pause pause, String what) {
    this.settings = settings;
    this.pause = pause;
    this.what = what;
  }

  /** It got on, so that faults count anew. */
  void progressed() {
    failures = 0;
  }

  static boolean mayPass(int status) {
    return PASSING.contains(status);
  }

  /** Waits after an answer that may be another next time; throws if it has been enough. */
  void after(Answer answer) throws IOException {
    String reason = "HTTP " + answer.status() + " from " + answer.address().getHost()
        + (answer.status() == 429 ? ": too many requests" + (settings.token() == null
        ? "; with a token (HF_TOKEN) more are allowed" : "") : "");
    long said = said(answer);
    if (said > LONGEST) {
      throw new HubException(what + ": " + reason + "; the hub wants to be asked again in " + said + " s");
    }
    if (failures >= SECONDS.length) {
      throw new HubException(what + ": " + reason + ", " + (failures + 1) + " times; try again later, what came is kept");
    }
    pause.await(Duration.ofSeconds(said >= 0 ? said + 1 : SECONDS[failures]));
    failures++;
  }

  /** Seconds after which the server wants to be asked again; -1 if it does not say. */
  private static long said(Answer answer) {
    String after = answer.header("Retry-After");
    if (after.matches("\\d{1,9}")) {
      return Long.parseLong(after);
    }
    Matcher window = WINDOW.matcher(answer.header("RateLimit"));
    return window.find() && window.group(1).length() < 10 ? Long.parseLong(window.group(1)) : -1;
  }

  /** Waits after a connection that failed; throws if that will not pass, or it has been enough. */
  void after(IOException e) throws IOException {
    if (e instanceof HubException || e instanceof HubHttp.LocalFailure || Thread.currentThread().isInterrupted()) {
      throw e;
    }
    String host = settings.host();
    if (failures == 0 && isUnreachable(e)) {
      throw new HubException.Unreachable(what + ": " + host + " cannot be reached (" + reason(e) + "); check the connection and "
          + "HTTPS_PROXY, or set HF_ENDPOINT to a mirror, HF_HUB_OFFLINE=1 to use only what is cached", e);
    }
    if (e instanceof SSLException && find(e, SSLHandshakeException.class) != null) {
      throw new HubException(what + ": the certificate of " + host + " is not trusted (" + reason(e)
          + "); behind a proxy of a company "
          + "give Java its certificates: -Djavax.net.ssl.trustStore=FILE", e);
    }
    if (failures >= SECONDS.length) {
      throw new HubException(what + ": the connection failed " + (failures + 1) + " times without getting on (" + reason(e)
          + "); run it again to go on from what came", e);
    }
    pause.await(Duration.ofSeconds(SECONDS[failures]));
    failures++;
  }

  private static boolean isUnreachable(Throwable e) {
    return find(e, UnknownHostException.class) != null || find(e, UnresolvedAddressException.class) != null
        || find(e, ConnectException.class) != null || find(e, HttpConnectTimeoutException.class) != null;
  }

  private static <E extends Throwable> E find(Throwable e, Class<E> type) {
    for (Throwable each = e; each != null; each = each.getCause()) {
      if (type.isInstance(each)) {
        return type.cast(each);
      }
    }
    return null;
  }

  private static String reason(IOException e) {
    if (find(e, UnresolvedAddressException.class) != null || find(e, UnknownHostException.class) != null) {
      return "unknown host";
    }
    for (Throwable each = e; each != null; each = each.getCause()) {
      if (each.getMessage() != null && !each.getMessage().isBlank()) {
        return each.getMessage().lines().findFirst().orElse("");
      }
    }
    return e.getClass().getSimpleName();
  }
}
