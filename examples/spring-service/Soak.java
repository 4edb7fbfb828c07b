import java.io.InputStream;
import java.io.OutputStream;
import java.lang.management.ManagementFactory;
import java.lang.ref.WeakReference;
import java.net.HttpURLConnection;
import java.net.URI;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.stream.Stream;

/**
 * Loads the service six times, each time in a class loader of its own: three times with 200 platform threads for requests, three
 * times with virtual ones. 200 clients ask it without pause, a third each by one adapter, by the other, and by whichever is
 * active; the active one is exchanged ten times a second, and another adapter is trained all the time. Fails unless every answer
 * is that of an adapter it may be of, 99 of 100 answers take at most three times as long as half of them, memory is as much at
 * the end as after the first deployment, and no class loader is left.
 *
 * <p>{@code java --add-modules jdk.incubator.vector -XX:SoftRefLRUPolicyMSPerMB=0 Soak.java --minutes M --service DIR
 * --model MODEL --adapters A,B --data CSV}; DIR is what {@code java -Djarmode=tools -jar SERVICE.jar extract} makes. Caches of
 * the JDK refer to classes softly; with that option collections take them at once.
 */
public final class Soak {
  private static final int CLIENTS = 200;
  private static final int DEPLOYMENTS = 6;
  private static final List<String> TEXTS = List.of("The zip broke on the first day.", "Best kettle I ever had.",
      "It is a lamp. It gives light.", "I have ordered from them for years and this is the first time that something "
          + "arrived late, and yet the box was whole and the coat fits.", "Never again!", "Fine, but loud.");

  private final Map<String, String> settings;
  private final double seconds; // of one deployment
  private final List<String> adapters;
  private final Map<String, String> expected = new LinkedHashMap<>(); // by adapter and text, of the first deployment at rest
  private final ConcurrentLinkedQueue<String> wrong = new ConcurrentLinkedQueue<>();
  private final List<WeakReference<ClassLoader>> loaders = new ArrayList<>();
  private final List<String> faults = new ArrayList<>();

  private Soak(Map<String, String> settings) {
    this.settings = settings;
    this.seconds = Double.parseDouble(settings.get("minutes")) * 60 / DEPLOYMENTS;
    this.adapters = Stream.of(settings.get("adapters").split(",")).map(a -> Path.of(a).getFileName().toString()).toList();
  }

  public static void main(String[] args) throws Exception {
    Map<String, String> settings = new LinkedHashMap<>();
    for (int i = 0; i + 1 < args.length; i += 2) {
      settings.put(args[i].substring(2), args[i + 1]);
    }
    System.setProperty("http.maxConnections", Integer.toString(CLIENTS));
    System.exit(new Soak(settings).run() ? 0 : 1);
  }

  private boolean run() throws Exception {
    long[] heap = new long[DEPLOYMENTS];
    long[] resident = new long[DEPLOYMENTS];
    Map<Boolean, List<Long>> latencies = Map.of(false, new ArrayList<>(), true, new ArrayList<>());
    for (int d = 0; d < DEPLOYMENTS; d++) {
      boolean virtual = d >= DEPLOYMENTS / 2;
      Phase phase = new Phase(virtual);
      Thread thread = new Thread(phase::run, "deployment"); // its thread-locals go with it
      thread.start();
      thread.join();
      if (phase.failure != null) {
        throw new IllegalStateException("deployment " + d, phase.failure);
      }
      latencies.get(virtual).addAll(phase.latencies);
      resident[d] = phase.resident;
      int left = left();
      heap[d] = ManagementFactory.getMemoryMXBean().getHeapMemoryUsage().getUsed();
      report("deployment %d, %s threads: %d answers, %d trainings, p50 %.0f ms, p99 %.0f ms; resident %d MB, "
          + "heap after it %d MB, class loaders left %d", d + 1, virtual ? "virtual" : "platform", phase.latencies.size(),
          phase.trainings, millis(phase.latencies, 0.5), millis(phase.latencies, 0.99), resident[d] >> 20, heap[d] >> 20, left);
      check(left == 0, left + " class loaders are left after deployment " + (d + 1));
    }
    for (boolean virtual : new boolean[] {false, true}) {
      double half = millis(latencies.get(virtual), 0.5);
      double most = millis(latencies.get(virtual), 0.99);
      report("%s threads: p50 %.1f ms, p99 %.1f ms (%.2f times)", virtual ? "virtual" : "platform", half, most, most / half);
      check(most <= 3 * half, "p99 is more than three times p50");
    }
    check(wrong.isEmpty(), wrong.size() + " wrong answers, such as " + wrong.peek());
    check(heap[DEPLOYMENTS - 1] <= heap[0] * 1.1 + (4 << 20), "the heap grows");
    check(resident[DEPLOYMENTS - 1] <= resident[0] * 1.1, "resident memory grows");
    faults.forEach(fault -> report("FAULT: %s", fault));
    report(faults.isEmpty() ? "all is well" : "failed");
    return faults.isEmpty();
  }

  private void check(boolean right, String fault) {
    if (!right) {
      faults.add(fault);
    }
  }

  private static void report(String format, Object... values) {
    System.out.println(String.format(Locale.ROOT, format, values));
  }

  private static double millis(List<Long> nanos, double share) {
    long[] sorted = nanos.stream().mapToLong(Long::longValue).sorted().toArray();
    return sorted.length == 0 ? Double.NaN : sorted[(int) Math.min(sorted.length - 1, Math.ceil(share * sorted.length))] / 1e6;
  }

  /** Class loaders that collections do not take; threads of the service have some seconds to end. */
  private int left() throws InterruptedException {
    for (int i = 0; i < 60; i++) {
      System.gc();
      loaders.removeIf(loader -> loader.get() == null);
      if (loaders.isEmpty()) {
        return 0;
      }
      Thread.sleep(500);
    }
    if (settings.containsKey("wait-for-dump")) {
      Thread.sleep(Long.MAX_VALUE);
    }
    return loaders.size();
  }

  private static long residentNow() {
    try (Stream<String> lines = Files.lines(Path.of("/proc/self/status"))) {
      return lines.filter(line -> line.startsWith("VmRSS:")).mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")) << 10)
          .findFirst().orElse(0);
    } catch (Exception e) {
      return 0; // not Linux
    }
  }

  /** One deployment. */
  private final class Phase {
    private final boolean virtual;
    private final List<Long> latencies = new ArrayList<>();
    private volatile boolean warm;
    private volatile boolean over;
    private volatile Throwable failure;
    private int port;
    private int trainings;
    private long resident;

    Phase(boolean virtual) {
      this.virtual = virtual;
    }

    void run() {
      try {
        List<URL> urls = new ArrayList<>();
        try (Stream<Path> jars = Files.walk(Path.of(settings.get("service")))) {
          for (Path jar : jars.filter(path -> path.toString().endsWith(".jar")).toList()) {
            urls.add(jar.toUri().toURL());
          }
        }
        URLClassLoader loader = new URLClassLoader(urls.toArray(URL[]::new), ClassLoader.getPlatformClassLoader());
        loaders.add(new WeakReference<>(loader));
        Thread.currentThread().setContextClassLoader(loader);
        // Tomcat's one handler of URLs for the whole JVM would hold the first class loader and refuse the second
        loader.loadClass("org.apache.catalina.webresources.TomcatURLStreamHandlerFactory").getMethod("disable").invoke(null);
        Object context = loader.loadClass("org.springframework.boot.SpringApplication")
            .getMethod("run", Class.class, String[].class).invoke(null, loader.loadClass("dev.hone.example.ServiceApplication"),
                new String[] {"--server.port=0", "--logging.register-shutdown-hook=false",
                "--spring.main.register-shutdown-hook=false", "--spring.main.banner-mode=off", "--logging.level.root=warn",
                "--spring.threads.virtual.enabled=" + virtual, "--service.model=" + settings.get("model"),
                "--service.adapters=" + settings.get("adapters"), "--service.data=" + settings.get("data")});
        Object environment = context.getClass().getMethod("getEnvironment").invoke(context);
        port = Integer.parseInt((String) environment.getClass().getMethod("getProperty", String.class)
            .invoke(environment, "local.server.port"));
        try {
          load();
        } finally {
          context.getClass().getMethod("close").invoke(context);
          loader.close();
        }
      } catch (Throwable t) {
        failure = t;
      } finally {
        Thread.currentThread().setContextClassLoader(null); // a frame may still refer to this thread
      }
    }

    private void load() throws Exception {
      for (String adapter : adapters) {
        for (String text : TEXTS) {
          String answer = post("/predict?adapter=" + adapter, json(text));
          String before = expected.putIfAbsent(adapter + ": " + text, answer);
          if (before != null && !before.equals(answer)) {
            wrong.add("after a redeployment: " + answer + " was " + before);
          }
        }
      }
      List<Thread> threads = new ArrayList<>();
      for (int c = 0; c < CLIENTS; c++) {
        int client = c;
        threads.add(new Thread(() -> ask(client)));
      }
      threads.add(new Thread(this::swap));
      threads.add(new Thread(this::train));
      threads.forEach(thread -> thread.setUncaughtExceptionHandler((_, e) -> failure = e));
      threads.forEach(Thread::start);
      Thread.sleep((long) (1000 * Math.min(60, seconds / 2)));
      warm = true;
      for (long end = System.nanoTime() + (long) (1e9 * (seconds - Math.min(60, seconds / 2))); System.nanoTime() < end;) {
        Thread.sleep(500);
        resident = Math.max(resident, residentNow());
      }
      over = true;
      for (Thread thread : threads) {
        thread.join();
      }
    }

    private void ask(int client) {
      List<Long> own = new ArrayList<>();
      for (int i = client; !over; i++) {
        String text = TEXTS.get(i % TEXTS.size());
        int kind = i / TEXTS.size() % 3;
        long start = System.nanoTime();
        boolean counts = warm;
        String answer = post(kind == 2 ? "/predict" : "/predict?adapter=" + adapters.get(kind), json(text));
        if (counts) {
          own.add(System.nanoTime() - start);
        }
        boolean right = kind == 2 ? adapters.stream().anyMatch(adapter -> answer.equals(expected.get(adapter + ": " + text)))
            : answer.equals(expected.get(adapters.get(kind) + ": " + text));
        if (!right) {
          wrong.add((kind == 2 ? "active" : adapters.get(kind)) + ": " + text + ": " + answer);
        }
      }
      synchronized (latencies) {
        latencies.addAll(own);
      }
    }

    private void swap() {
      for (int i = 0; !over; i++) {
        post("/active?adapter=" + adapters.get(i % adapters.size()), "");
        sleep(100);
      }
    }

    private void train() {
      while (!over) {
        trainings += post("/trainings?steps=20", "") == null ? 0 : 1; // null: the last one goes on
        sleep(500);
      }
    }

    private static void sleep(long millis) {
      try {
        Thread.sleep(millis);
      } catch (InterruptedException e) {
        throw new IllegalStateException(e);
      }
    }

    private static String json(String text) {
      return "[\"" + text + "\"]";
    }

    /** The answer, or null if the service cannot do it now. */
    private String post(String path, String body) {
      try {
        HttpURLConnection connection = (HttpURLConnection) URI.create("http://localhost:" + port + path).toURL().openConnection();
        connection.setRequestMethod("POST");
        connection.setDoOutput(true);
        connection.setRequestProperty("Content-Type", "application/json");
        try (OutputStream out = connection.getOutputStream()) {
          out.write(body.getBytes(StandardCharsets.UTF_8));
        }
        if (connection.getResponseCode() == 409) {
          connection.getErrorStream().readAllBytes();
          return null;
        }
        try (InputStream in = connection.getInputStream()) {
          return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        }
      } catch (java.io.IOException e) {
        throw new java.io.UncheckedIOException(e);
      }
    }
  }
}
