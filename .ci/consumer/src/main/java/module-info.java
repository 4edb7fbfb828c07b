module app {
  requires dev.hone.train;
}
