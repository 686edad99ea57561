// SPDX-License-Identifier: MIT
// Where the bytes of stored values live: written one after the other into pages, because a byte
// array of its own costs several hundred bytes beside its content. A page of which less than half
// is in use is given up: what is left moves to the current page. Bytes once written never change,
// so a view stays right for as long as anyone holds it, even when its item moved or is gone.

const PAGE_BYTES = 16_384
/** Longer items get a page of their own, so that the end of a page is never wasted by much. */
const LARGE_ITEM_BYTES = 1024

/** Something whose bytes are kept; the fields are owned by the pages. */
export interface PageItem {
  page: Page | undefined
  offset: number
  /** Set by the item, before it is stored. */
  readonly length: number
}

export class Page {
  readonly bytes: Uint8Array
  /** Items in use. Unordered and without places in the items: short enough to search. */
  readonly items: PageItem[] = []
  /** Bytes written, and bytes in use. */
  used = 0
  live = 0

  constructor(capacity: number) {
    this.bytes = new Uint8Array(capacity)
  }

  get isSparse(): boolean {
    return 2 * this.live < this.used
  }
}

export class BytePages {
  #current = new Page(0)
  #reservedBytes = 0

  /** Memory taken by all pages. */
  get reservedBytes(): number {
    return this.#reservedBytes
  }

  /** Copies `item.length` bytes from the start of `bytes`. */
  store(item: PageItem, bytes: Uint8Array): void {
    const page =
      item.length > LARGE_ITEM_BYTES ? this.#newPage(item.length) : this.#pageFor(item.length)
    append(page, item, bytes, 0)
  }

  /** Gives up the place of an item. Its bytes can still be read through it. */
  free(item: PageItem): void {
    const page = item.page!
    const last = page.items.pop()!
    if (last !== item) page.items[page.items.indexOf(item)] = last
    page.live -= item.length
    if (page !== this.#current && page.isSparse) this.#giveUp(page)
  }

  #pageFor(length: number): Page {
    if (this.#current.used + length > this.#current.bytes.length) {
      const full = this.#current
      this.#current = this.#newPage(PAGE_BYTES)
      // The current page is never given up when items of it go; so perhaps now.
      if (full.isSparse) this.#giveUp(full)
    }
    return this.#current
  }

  #newPage(capacity: number): Page {
    this.#reservedBytes += capacity
    return new Page(capacity)
  }

  /** Moves what is left of a page. Only the references go: a view keeps the old bytes alive. */
  #giveUp(page: Page): void {
    this.#reservedBytes -= page.bytes.length
    for (const item of page.items) append(this.#pageFor(item.length), item, page.bytes, item.offset)
    page.items.length = 0
  }
}

function append(page: Page, item: PageItem, source: Uint8Array, start: number): void {
  page.bytes.set(source.subarray(start, start + item.length), page.used)
  item.page = page
  item.offset = page.used
  page.used += item.length
  page.live += item.length
  page.items.push(item)
}

/** View of the bytes of an item. */
export function bytesOf(item: PageItem): Uint8Array {
  return item.page!.bytes.subarray(item.offset, item.offset + item.length)
}
