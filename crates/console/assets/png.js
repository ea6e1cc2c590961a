// Turns the page's own SVG exports into PNG. Its links are hidden without script.
"use strict";

(() => {
  // Twice the size, for screens with many pixels; bounded, because browsers bound canvases.
  const SCALE = 2;
  const SIDE_MAX = 8_192;
  document.documentElement.dataset.png = "";

  const save = (blob, name) => {
    const link = document.createElement("a");
    link.href = URL.createObjectURL(blob);
    link.download = name;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
  };

  const draw = async (address) => {
    const image = new Image();
    image.src = address;
    await image.decode();
    const scale = Math.min(SCALE, SIDE_MAX / image.naturalWidth, SIDE_MAX / image.naturalHeight);
    const canvas = document.createElement("canvas");
    canvas.width = Math.round(image.naturalWidth * scale);
    canvas.height = Math.round(image.naturalHeight * scale);
    const context = canvas.getContext("2d");
    context.fillStyle = "#fffefb";
    context.fillRect(0, 0, canvas.width, canvas.height);
    context.drawImage(image, 0, 0, canvas.width, canvas.height);
    return new Promise((done, failed) => {
      canvas.toBlob((blob) => (blob ? done(blob) : failed(new Error("the image is too large"))), "image/png");
    });
  };

  // For all links, also for those of a part that is replaced later.
  document.addEventListener("click", async (event) => {
    const link = event.target.closest?.("a[data-png]");
    if (!link) return;
    event.preventDefault();
    try {
      save(await draw(link.href), link.dataset.png);
    } catch {
      // The SVG itself is as good an answer.
      location.assign(link.href);
    }
  });
})();
