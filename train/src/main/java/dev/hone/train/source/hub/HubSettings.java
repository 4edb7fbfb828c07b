package dev.hone.train.source.hub;

import java.io.IOException;
import java.net.ProxySelector;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Locale;
import java.util.Set;
import java.util.function.Function;

/**
 * Where a hub is and how it is talked to, by the environment variables that Python's {@code huggingface_hub} reads.
 *
 * @param site which protocol the hub speaks
 * @param endpoint its address
 * @param token the user's, sent to this address only; null for none
 * @param cache the directory of the cache; null where the user has no home
 * @param offline whether only the cache may be used
 * @param links whether the cache may have symbolic links
 * @param timeout without a byte, after which a connection counts as dead
 * @param proxies through which addresses are reached
 */
record HubSettings(Site site, URI endpoint, String token, Path cache, boolean offline, boolean links, Duration timeout,
    ProxySelector proxies) {
  /** The protocols. */
  enum Site { HUGGING_FACE, MODEL_SCOPE }

  private static final Set<String> TRUE = Set.of("1", "ON", "YES", "TRUE");
  private static final int SECONDS = 10;
  static volatile Function<String, String> user = System::getenv; // tests have another one

  /** What the environment of this user says. */
  static HubSettings ofUser() throws HubException {
    return of(user);
  }

  /** What the environment says. */
  static HubSettings of(Function<String, String> environment) throws HubException {
    Function<String, String> set = name -> {
      String value = environment.apply(name);
      return value == null || value.isBlank() ? null : value.strip();
    };
    Path home = home(set);
    String hub = set.apply("HONE_HUB");
    if (hub != null && !Set.of("huggingface", "modelscope").contains(hub)) {
      throw new HubException("HONE_HUB must be huggingface or modelscope, is '" + hub + "'");
    }
    boolean scope = "modelscope".equals(hub);
    String address = or(set.apply("HF_ENDPOINT"), scope ? "https://www.modelscope.cn" : "https://huggingface.co");
    URI endpoint;
    try {
      endpoint = URI.create(address.replaceFirst("/+$", ""));
    } catch (IllegalArgumentException e) {
      throw new HubException("HF_ENDPOINT is no address: " + address, e);
    }
    if (endpoint.getHost() == null || !Set.of("http", "https").contains(endpoint.getScheme())) {
      throw new HubException("HF_ENDPOINT must be an address such as https://hub.example.org, is '" + address + "'");
    }
    String folder = or(set.apply("HF_HUB_CACHE"), set.apply("HUGGINGFACE_HUB_CACHE"));
    Path cache = folder != null ? expanded(folder, set) : home == null ? null : home.resolve("hub");
    if (scope && cache != null) { // the same name may be another model there
      cache = cache.resolveSibling("hone-modelscope");
    }
    boolean offline = isTrue(or(set.apply("HF_HUB_OFFLINE"), set.apply("TRANSFORMERS_OFFLINE")));
    return new HubSettings(scope ? Site.MODEL_SCOPE : Site.HUGGING_FACE, endpoint, scope ? null : token(set, home), cache,
        offline, !isTrue(set.apply("HF_HUB_DISABLE_SYMLINKS")), Duration.ofSeconds(seconds(set.apply("HF_HUB_DOWNLOAD_TIMEOUT"))),
        EnvironmentProxies.of(set));
  }

  private static String or(String value, String otherwise) {
    return value == null ? otherwise : value;
  }

  private static Path home(Function<String, String> set) {
    String home = set.apply("HF_HOME");
    if (home != null) {
      return expanded(home, set);
    }
    String xdg = set.apply("XDG_CACHE_HOME");
    if (xdg != null) {
      return expanded(xdg, set).resolve("huggingface");
    }
    Path user = Path.of(or(set.apply("HOME"), System.getProperty("user.home")));
    return user.isAbsolute() ? user.resolve(".cache").resolve("huggingface") : null; // Java says "?" for no home
  }

  /** A path that may begin with the user's home. */
  private static Path expanded(String path, Function<String, String> set) {
    return path.equals("~") || path.startsWith("~/") ? Path.of(or(set.apply("HOME"), System.getProperty("user.home"))
        + path.substring(1))
        : Path.of(path);
  }

  private static String token(Function<String, String> set, Path home) throws HubException {
    String token = or(set.apply("HF_TOKEN"), set.apply("HUGGING_FACE_HUB_TOKEN"));
    if (token != null || isTrue(set.apply("HF_HUB_DISABLE_IMPLICIT_TOKEN"))) {
      return token == null ? null : checked(token, "HF_TOKEN");
    }
    String named = set.apply("HF_TOKEN_PATH");
    Path file = named != null ? expanded(named, set) : home == null ? null : home.resolve("token");
    if (file == null || !Files.isRegularFile(file)) {
      return null;
    }
    try {
      String text = Files.readString(file).strip();
      return text.isEmpty() ? null : checked(text, file.toString());
    } catch (IOException e) {
      throw new HubException(file + ": the token cannot be read: " + e.getMessage(), e);
    }
  }

  /** A token goes into a header, and must not be able to bring another. */
  private static String checked(String token, String source) throws HubException {
    if (!token.matches("[\\x21-\\x7e]+")) {
      throw new HubException(source + ": not a token: it has spaces, line ends or characters that are not ASCII");
    }
    return token;
  }

  private static boolean isTrue(String value) {
    return value != null && TRUE.contains(value.toUpperCase(Locale.ROOT));
  }

  private static int seconds(String value) throws HubException {
    try {
      int seconds = value == null ? SECONDS : Integer.parseInt(value);
      if (seconds > 0) {
        return seconds;
      }
    } catch (NumberFormatException _) {
      // said below
    }
    throw new HubException("HF_HUB_DOWNLOAD_TIMEOUT must be a whole number of seconds above 0, is '" + value + "'");
  }

  /** The hub's name for messages. */
  String host() {
    return endpoint.getPort() < 0 ? endpoint.getHost() : endpoint.getHost() + ":" + endpoint.getPort();
  }

  /** Without the token, which must not get into a log. */
  @Override
  public String toString() {
    return "HubSettings[" + site + ", " + endpoint + ", token " + (token == null ? "none" : "set") + ", cache " + cache
        + (offline ? ", offline" : "") + "]";
  }
}
