--- Tenon in Neovim: the language server for every buffer of the filetype, and colours by tree-sitter where the parser is.

local M = {}

--- What is used; `setup` replaces parts of it.
M.config = {
  --- How the language server is started.
  cmd = { 'tenon', 'lsp' },
  --- Called with the client and the buffer once the server answers.
  on_attach = nil,
}

--- The folder of the program: the nearest one with `tenon.toml`, else the file's own.
function M.root(file)
  local folder = vim.fn.fnamemodify(file, ':p:h')
  local config = vim.fn.findfile('tenon.toml', vim.fn.fnameescape(folder) .. ';')
  return config ~= '' and vim.fn.fnamemodify(config, ':p:h') or folder
end

--- The clients that this file has started, by root, where Neovim does not look after it.
local clients = {}

--- Starts the server for a buffer, or uses the one that serves its program already.
function M.attach(buffer)
  if vim.bo[buffer].buftype ~= '' or vim.api.nvim_buf_get_name(buffer) == '' then return end
  if vim.fn.executable(M.config.cmd[1]) == 0 then
    vim.notify_once(
      'tenon: `' .. M.config.cmd[1] .. "` was not found. Put it into PATH, or say where it is: require('tenon').setup { cmd = { '/where/tenon', 'lsp' } }",
      vim.log.levels.WARN
    )
    return
  end
  local root = M.root(vim.api.nvim_buf_get_name(buffer))
  local config = { name = 'tenon', cmd = M.config.cmd, root_dir = root, on_attach = M.config.on_attach }
  if vim.lsp.start then
    vim.lsp.start(config, { bufnr = buffer })
    return
  end
  -- Before Neovim 0.8.
  if not clients[root] or not vim.lsp.get_client_by_id(clients[root]) then
    clients[root] = vim.lsp.start_client(config)
  end
  if clients[root] then vim.lsp.buf_attach_client(buffer, clients[root]) end
end

--- Colours by tree-sitter, where the parser of Tenon is installed; true if they are on.
function M.highlight(buffer)
  if not (vim.treesitter and vim.treesitter.start) then return false end
  return (pcall(vim.treesitter.start, buffer, 'tenon'))
end

function M.setup(config)
  M.config = vim.tbl_extend('force', M.config, config or {})
end

return M
