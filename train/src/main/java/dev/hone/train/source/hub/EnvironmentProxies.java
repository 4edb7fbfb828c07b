package dev.hone.train.source.hub;

import java.io.IOException;
import java.net.Authenticator;
import java.net.InetSocketAddress;
import java.net.PasswordAuthentication;
import java.net.Proxy;
import java.net.ProxySelector;
import java.net.SocketAddress;
import java.net.URI;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Locale;
import java.util.function.Function;

/**
 * The proxies that {@code HTTPS_PROXY}, {@code HTTP_PROXY} and {@code ALL_PROXY} name, which Java does not read; not for the
 * hosts of {@code NO_PROXY}. Names in small letters come first, as elsewhere.
 */
final class EnvironmentProxies extends ProxySelector {
  private static final int USUAL_PORT = 80;

  private final URI forHttp;
  private final URI forHttps;
  private final List<String> without;

  private EnvironmentProxies(URI forHttp, URI forHttps, List<String> without) {
    this.forHttp = forHttp;
    this.forHttps = forHttps;
    this.without = without;
  }

  /** The proxies of the environment; Java's own settings where it names none. */
  static ProxySelector of(Function<String, String> environment) throws HubException {
    URI http = proxy("HTTP_PROXY", environment);
    URI https = proxy("HTTPS_PROXY", environment);
    if (http == null && https == null) {
      return ProxySelector.getDefault();
    }
    String none = either("NO_PROXY", environment);
    return new EnvironmentProxies(http, https, none == null ? List.of()
        : List.of(none.toLowerCase(Locale.ROOT).strip().split("[\\s,]+")));
  }

  private static String either(String name, Function<String, String> environment) {
    String small = environment.apply(name.toLowerCase(Locale.ROOT));
    return small == null ? environment.apply(name) : small;
  }

  private static URI proxy(String name, Function<String, String> environment) throws HubException {
    String value = either(name, environment);
    if (value == null) {
      value = either("ALL_PROXY", environment);
    }
    if (value == null) {
      return null;
    }
    try {
      URI proxy = URI.create(value.contains("://") ? value : "http://" + value);
      if (proxy.getHost() != null && proxy.getScheme().equals("http")) {
        return proxy;
      }
    } catch (IllegalArgumentException _) { // its message would show a password
      // said below
    }
    throw new HubException(name + " must be the address of an HTTP proxy, such as http://proxy.example.org:3128");
  }

  @Override
  public List<Proxy> select(URI address) {
    URI proxy = "https".equals(address.getScheme()) ? forHttps : forHttp;
    if (proxy == null || isExcluded(address)) {
      return List.of(Proxy.NO_PROXY);
    }
    return List.of(new Proxy(Proxy.Type.HTTP, new InetSocketAddress(proxy.getHost(), proxy.getPort() < 0 ? USUAL_PORT
        : proxy.getPort())));
  }

  private boolean isExcluded(URI address) {
    String host = address.getHost().toLowerCase(Locale.ROOT);
    return without.stream().anyMatch(entry -> {
      String name = entry.replaceFirst(":\\d+$", "").replaceFirst("^\\*?\\.", "");
      boolean port = !entry.matches(".*:\\d+") || entry.endsWith(":" + address.getPort());
      return entry.equals("*") || port && !name.isEmpty() && (host.equals(name) || host.endsWith("." + name));
    });
  }

  @Override
  public void connectFailed(URI address, SocketAddress proxy, IOException e) {
    // the request itself fails, and says so
  }

  /** Name and password for the proxies, or null if they have none. */
  Authenticator authenticator() {
    if ((forHttp == null || forHttp.getRawUserInfo() == null) && (forHttps == null || forHttps.getRawUserInfo() == null)) {
      return null;
    }
    return new Authenticator() {
      @Override
      protected PasswordAuthentication getPasswordAuthentication() {
        URI proxy = "https".equals(getRequestingURL().getProtocol()) ? forHttps : forHttp;
        if (getRequestorType() != RequestorType.PROXY || proxy == null || proxy.getRawUserInfo() == null) {
          return null;
        }
        String[] parts = proxy.getRawUserInfo().split(":", 2);
        return new PasswordAuthentication(decoded(parts[0]), (parts.length < 2 ? "" : decoded(parts[1])).toCharArray());
      }
    };
  }

  private static String decoded(String text) {
    return URLDecoder.decode(text.replace("+", "%2B"), StandardCharsets.UTF_8);
  }
}
